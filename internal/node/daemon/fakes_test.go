package daemon

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"openmosix/internal/linux/unixmsg"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/tally"
	"openmosix/internal/model/trust"
	"openmosix/internal/model/wire"
	"openmosix/internal/node/reexec"
	"openmosix/internal/role/transport"
)

// TestMain lets the test binary stand in for the supervisors: the daemon
// starts its own executable, which here is this one.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case reexec.HomeSupervisor:
			os.Exit(fakeHome())
		case reexec.GuestSupervisor:
			os.Exit(fakeGuest())
		}
	}
	os.Exit(m.Run())
}

// A file of such a name in the working directory of the process that is to be moved has its supervisor end
// before it answers, once.
const (
	endsInOrder = "ends-in-order"
	endsBadly   = "ends-badly"
)

func complain(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// fakeHome moves nothing but takes every step of the conversation.
func fakeHome() int {
	conn, err := unixmsg.FromFD(3)
	if err != nil {
		return complain(err)
	}
	var hello supervisor.Hello
	sessions := map[int]*transport.Framed{}
	pending := map[uint64]supervisor.Request{}
	for {
		var m supervisor.FromDaemon
		if _, err := conn.Recv(&m); err != nil {
			return 0
		}
		switch {
		case m.Hello != nil:
			hello = *m.Hello
			conn.Send(supervisor.Event{Kind: supervisor.Ready})
		case m.Opened != nil:
			q := pending[m.Opened.ID]
			e := supervisor.Event{ID: q.ID, PID: q.PID}
			if m.Opened.Code != "" {
				e.Kind, e.Code, e.Text = supervisor.Failed, m.Opened.Code, m.Opened.Text
				conn.Send(e)
				continue
			}
			tls, err := transport.Dial(context.Background(), transport.Way{Address: m.Opened.Addr, Pass: m.Opened.Pass}, &m.Opened.Session, hello.Identity, trust.Guest)
			if err != nil {
				e.Kind, e.Code, e.Text = supervisor.Failed, supervisor.Unreachable, err.Error()
				conn.Send(e)
				continue
			}
			framed := transport.NewFramed(tls)
			framed.Send(7, 1, []byte("image"))
			if f, err := framed.Recv(); err != nil || string(f.Data) != "image" {
				return complain(fmt.Errorf("no echo: %w", err))
			}
			if old := sessions[q.PID]; old != nil {
				old.Close()
			}
			sessions[q.PID] = framed
			conn.Send(supervisor.Event{ID: q.ID, Kind: supervisor.Progress, PID: q.PID, Phase: "send", Done: 5, Total: 5})
			conn.Send(supervisor.Event{Kind: supervisor.Travels, PID: q.PID, Trip: &supervisor.Trip{To: q.To, Over: true, Micros: 1234, Bytes: 5}})
			e.Kind, e.Node, e.Micros = supervisor.Moved, q.To, 1234
			conn.Send(e)
		case m.Request != nil:
			q := *m.Request
			switch {
			case q.Verb == supervisor.LeaveAll:
				return 0
			case os.Remove(fmt.Sprintf("/proc/%d/cwd/%s", q.PID, endsInOrder)) == nil:
				return 0
			case os.Remove(fmt.Sprintf("/proc/%d/cwd/%s", q.PID, endsBadly)) == nil:
				return 1
			case q.Verb == supervisor.CancelMove:
				conn.Send(supervisor.Event{ID: q.ID, Kind: supervisor.GivenUp, PID: q.PID})
			case q.Verb == supervisor.Describe:
				e := supervisor.Event{ID: q.ID, Kind: supervisor.State}
				for pid := range sessions {
					e.Procs = append(e.Procs, supervisor.Proc{PID: pid, Node: 2, Moves: 1, CPUMicros: 42, State: "running"})
				}
				// Rows replace what was told before.
				conn.Send(supervisor.Event{Kind: supervisor.Counted, Calls: &supervisor.Calls{Seen: []tally.Call{{Buckets: []uint64{4}}}}})
				conn.Send(supervisor.Event{Kind: supervisor.Counted, Calls: &supervisor.Calls{Done: []tally.Call{{Buckets: []uint64{3}}}}})
				conn.Send(e)
			case q.To == 0:
				sessions[q.PID].Close()
				delete(sessions, q.PID)
				conn.Send(supervisor.Event{ID: q.ID, Kind: supervisor.Moved, PID: q.PID})
				conn.Send(supervisor.Event{Kind: supervisor.Gone, PID: q.PID})
				if len(sessions) == 0 {
					return 0
				}
			default:
				pending[q.ID] = q
				conn.Send(supervisor.Event{Kind: supervisor.Opening, Open: &supervisor.Open{
					ID: q.ID, Node: q.To, Addr: q.Addr, PID: q.PID, Need: supervisor.Need{Memory: 1 << 20}, Protocol: wire.Protocol}})
			}
		}
	}
}

// fakeGuest echoes frames until its home hangs up.
func fakeGuest() int {
	signal.Ignore(syscall.SIGTERM)
	if os.Geteuid() == 0 {
		return complain(fmt.Errorf("a guest supervisor runs as root"))
	}
	if groups, err := os.Getgroups(); err != nil || len(groups) > 0 {
		return complain(fmt.Errorf("a guest supervisor has groups %v, %w", groups, err))
	}
	conn, err := unixmsg.FromFD(3)
	if err != nil {
		return complain(err)
	}
	var hello supervisor.Hello
	for {
		var m supervisor.FromDaemon
		files, err := conn.Recv(&m)
		if err != nil {
			return 0
		}
		switch {
		case m.Hello != nil:
			hello = *m.Hello
			conn.Send(supervisor.Event{Kind: supervisor.Ready})
		case m.Connection && len(files) > 0:
			raw, err := net.FileConn(files[0])
			files[0].Close()
			if err != nil {
				return complain(err)
			}
			tls, err := transport.Server(raw, hello.Identity, trust.Home)
			if err != nil {
				return complain(err)
			}
			go echo(transport.NewFramed(tls))
		case m.Request != nil:
			conn.Send(supervisor.Event{ID: m.Request.ID, Kind: supervisor.State,
				Procs: []supervisor.Proc{{PID: os.Getpid(), HomePID: 1, RSS: 4096, State: "running"}}})
		}
	}
}

// echo ends the process when home hangs up.
func echo(framed *transport.Framed) {
	for {
		f, err := framed.Recv()
		if err != nil {
			os.Exit(0)
		}
		framed.Send(f.Kind, f.ID, f.Data)
	}
}
