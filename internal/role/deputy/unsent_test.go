package deputy

import (
	"log/slog"
	"net"
	"testing"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/naming"
	"openmosix/internal/process/tracee"
	"openmosix/internal/role/transport"

	"golang.org/x/sys/unix"
)

// madeUp is a signal to the process, of a timer if that is its code.
func madeUp(sig unix.Signal, code int32, timer uint32) sentSignal {
	one := sentSignal{own: 8}
	le.PutUint32(one.info[:], uint32(sig))
	le.PutUint32(one.info[8:], uint32(code))
	le.PutUint32(one.info[timerNumber:], timer)
	return one
}

// A guest's side that takes nothing for a while is sent no more signals than would be pending: none is lost that would be
// there, and the connection is not given up.
func TestSignalsFasterThanTheyAreTaken(t *testing.T) {
	const (
		flood = 200_000
		last  = unix.SIGUSR2
		real  = unix.Signal(40)
	)
	s := &Supervisor{log: slog.New(slog.DiscardHandler)}
	s.naming = naming.New("/proc", s.anyAway, nil)
	a, b := net.Pipe()
	defer func() { _, _ = a.Close(), b.Close() }()
	l := &link{s: s, conn: transport.NewFramed(a)}
	p := &proc{s: s, link: l, Process: &tracee.Process{PID: 8, Own: 8}}
	for range flood {
		s.passOn(p, madeUp(unix.SIGUSR1, 0, 0))
		s.passOn(p, madeUp(unix.SIGALRM, siTimer, 1))
		s.passOn(p, madeUp(unix.SIGALRM, siTimer, 2))
	}
	for range 3 {
		s.passOn(p, madeUp(real, -1, 0))
	}
	s.passOn(p, madeUp(last, 0, 0))
	go func() { // a reply, say
		p.catchUp(l)
		_ = l.send(wire.Reply, 8)
	}()

	there := transport.NewFramed(b)
	var seen, users, reals uint64
	overruns := map[uint32]int{}
	for ended := false; !ended; {
		f, err := there.Recv()
		if err != nil {
			t.Fatalf("after %d signals: %v", seen, err)
		}
		if f.Kind != wire.Signal {
			ended = true
			break
		}
		seen++
		var info ptrace.SigInfo
		copy(info[:], f.Data[5:])
		switch unix.Signal(info.Signal()) {
		case unix.SIGUSR1:
			users++
		case unix.SIGALRM:
			overruns[le.Uint32(info[timerNumber:])] += 1 + int(le.Uint32(info[timerOverrun:]))
		case real:
			reals++
		case last:
			if reals != 3 {
				t.Errorf("%d signals of the kind that is pending more than once are ahead of the last, not 3", reals)
			}
			reals = 4
		}
	}
	p.mu.Lock()
	count := p.count
	p.mu.Unlock()
	switch {
	case reals != 4:
		t.Error("the last signal is not ahead of the reply")
	case users == 0 || users >= flood:
		t.Errorf("%d of %d signals were sent", users, flood)
	case overruns[1] != flood || overruns[2] != flood:
		t.Errorf("two timers went off %d and %d times, not %d each", overruns[1], overruns[2], flood)
	case count != seen:
		t.Errorf("%d signals are counted, and %d were sent", count, seen)
	}
}
