package hostilenode

import (
	"bytes"
	"crypto/rand"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"openmosix/internal/linux/unixmsg"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/trust"
	"openmosix/internal/model/wire"
	"openmosix/internal/role/transport"
	"openmosix/test/labtest"

	"golang.org/x/sys/unix"
)

const (
	homeNode, hostileNode, honestNode = 1, 2, 3
	// patience is for what takes milliseconds on a machine with nothing else to do.
	patience = time.Minute
)

// rig is a home supervisor, with the test as its daemon.
type rig struct {
	t         *testing.T
	authority *trust.Authority
	home      *exec.Cmd
	log       *labtest.Output
	daemon    *unixmsg.Conn
	sides     map[int]net.Listener // where the guest supervisors of a node are reached

	mu     sync.Mutex
	id     uint64
	events map[uint64]chan supervisor.Event // last words, by request
	lost   map[int]string                   // processes that were told to be lost, and why
}

func start(t *testing.T) *rig {
	t.Helper()
	binary := os.Getenv(labtest.BinaryVariable)
	if binary == "" || os.Geteuid() != 0 {
		t.Skip("needs root and the binary, in " + labtest.BinaryVariable)
	}
	r := &rig{t: t, log: &labtest.Output{}, sides: map[int]net.Listener{}, events: map[uint64]chan supervisor.Event{}, lost: map[int]string{}}
	key, err := trust.NewKey(rand.Reader)
	if err == nil {
		r.authority, err = key.Authority()
	}
	if err != nil {
		t.Fatal(err)
	}
	var theirs *os.File
	if r.daemon, theirs, err = unixmsg.Pair(); err != nil {
		t.Fatal(err)
	}
	later, err := unixmsg.Listen(filepath.Join(t.TempDir(), "later"))
	if err != nil {
		t.Fatal(err)
	}
	r.home = exec.Command(binary, "supervise-home", "test")
	r.home.Env = []string{"PATH=" + os.Getenv("PATH")}
	r.home.Stderr = r.log
	r.home.ExtraFiles = []*os.File{theirs, later}
	if err := r.home.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = theirs.Close(), later.Close()
	t.Cleanup(func() {
		_ = r.home.Process.Kill()
		_ = r.home.Wait()
		_ = r.daemon.Close()
		if t.Failed() {
			text := r.log.String()
			t.Logf("the home supervisor says:\n%s", text[max(0, len(text)-8000):])
		}
	})
	r.mayStand(0)
	for _, node := range []int{hostileNode, honestNode} {
		if r.sides[node], err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = r.sides[node].Close() })
	}
	go r.listen()
	return r
}

// mayStand greets the supervisor, anew if it has been before, with the time for which a process
// may stand still.
func (r *rig) mayStand(still time.Duration) {
	r.tell(supervisor.FromDaemon{Hello: &supervisor.Hello{Node: homeNode, Identity: r.identity(homeNode, trust.Home), StateDir: r.t.TempDir(), Log: "info", Still: still}})
}

func (r *rig) identity(node int, role trust.Role) supervisor.Identity {
	leaf, err := r.authority.Issue(trust.Name{Node: node, Role: role}, rand.Reader)
	if err != nil {
		r.t.Fatal(err)
	}
	return supervisor.Identity(leaf)
}

func (r *rig) tell(m supervisor.FromDaemon) {
	if err := r.daemon.Send(m); err != nil {
		r.t.Fatal(err)
	}
}

// listen does the daemon's part.
func (r *rig) listen() {
	for {
		var e supervisor.Event
		files, err := r.daemon.Recv(&e)
		for _, f := range files {
			_ = f.Close()
		}
		if err != nil {
			return
		}
		switch e.Kind {
		case supervisor.Opening:
			_ = r.daemon.Send(supervisor.FromDaemon{Opened: &supervisor.Opened{ID: e.Open.ID, Session: supervisor.Session{1}, Addr: r.sides[e.Open.Node].Addr().String()}})
		case supervisor.Lost:
			r.mu.Lock()
			r.lost[e.PID] = e.Text
			r.mu.Unlock()
		case supervisor.Moved, supervisor.Failed, supervisor.State:
			r.mu.Lock()
			c := r.events[e.ID]
			delete(r.events, e.ID)
			r.mu.Unlock()
			if c != nil {
				c <- e
			}
		}
	}
}

// ask gives the supervisor a request, whose last word comes by the channel.
func (r *rig) ask(q supervisor.Request) chan supervisor.Event {
	c := make(chan supervisor.Event, 1)
	r.mu.Lock()
	r.id++
	q.ID = r.id
	r.events[q.ID] = c
	r.mu.Unlock()
	r.tell(supervisor.FromDaemon{Request: &q})
	return c
}

func (r *rig) answer(c chan supervisor.Event, limit time.Duration) supervisor.Event {
	r.t.Helper()
	select {
	case e := <-c:
		return e
	case <-time.After(limit):
		r.t.Fatal("the home supervisor gives no answer")
		panic("unreachable")
	}
}

// side is a guest supervisor that has taken a process in: the test.
type side struct {
	r    *rig
	conn *transport.Framed
	raw  net.Conn
	cmd  *exec.Cmd
	pid  int
	thaw wire.ThawMsg // the process, as it came

	mu       sync.Mutex
	replies  map[uint64]chan []byte
	freezes  chan wire.FreezeMsg
	wants    chan wire.WantMsg // more than fit are passed over
	commits  chan struct{}     // home has said so
	fetches  bool              // it says that pages may follow
	strategy supervisor.Strategy
	slow     bool          // it reads very slowly, after the handshake
	silent   bool          // it does not say that a process runs
	atEnd    func()        // not nil: what it does instead
	deaf     chan struct{} // not nil: it does not read, once a process has come, until that is closed
	serial   uint64
	err      error // of the connection
}

// lend starts a program and moves it to a node, which is the test from then on.
func (r *rig) lend(node int, argv ...string) *side {
	r.t.Helper()
	s := r.run(argv...)
	if e := r.answer(r.moves(s, node), patience); e.Kind != supervisor.Moved {
		r.t.Fatalf("it does not leave: %+v", e)
	}
	return s
}

// run starts a program that is to leave, and waits until it sleeps, as all of them do when they have begun.
func (r *rig) run(argv ...string) *side {
	r.t.Helper()
	s := newSide(r)
	s.cmd = exec.Command(argv[0], argv[1:]...)
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: &syscall.Credential{Uid: 65534, Gid: 65534, Groups: []uint32{}}}
	s.cmd.Dir = "/"
	if err := s.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	s.pid = s.cmd.Process.Pid
	r.t.Cleanup(func() { _ = s.cmd.Process.Kill(); _ = s.cmd.Wait() })
	for deadline := time.Now().Add(patience); !s.naps(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatal("the program does not begin")
		}
	}
	return s
}

func newSide(r *rig) *side {
	return &side{r: r, replies: map[uint64]chan []byte{}, freezes: make(chan wire.FreezeMsg, 4), wants: make(chan wire.WantMsg, 1<<14), commits: make(chan struct{}, 4)}
}

// moves has a process move to a node, which is the side from then on; the last word on it comes
// by the channel.
func (r *rig) moves(s *side, node int) chan supervisor.Event {
	r.t.Helper()
	moved := r.ask(supervisor.Request{Verb: supervisor.MoveTo, PID: s.pid, To: node, Addr: "not used", Strategy: s.strategy})
	_ = r.sides[node].(*net.TCPListener).SetDeadline(time.Now().Add(patience))
	raw, err := r.sides[node].Accept()
	if err != nil {
		r.t.Fatalf("%v; it says %+v", err, r.answer(moved, patience))
	}
	if _, err := transport.ReadPreface(raw, time.Now().Add(patience)); err != nil {
		r.t.Fatal(err)
	}
	if s.slow {
		_ = raw.(*net.TCPConn).SetReadBuffer(4096)
		raw = &slowly{raw, time.Now()}
	}
	conn, err := transport.Server(raw, r.identity(node, trust.Guest), trust.Home)
	if err != nil {
		r.t.Fatal(err)
	}
	s.raw, s.conn = conn, transport.NewFramed(conn)
	r.t.Cleanup(func() { _ = s.conn.Close() })
	go s.read()
	return moved
}

// read does an honest guest supervisor's part of a move, and keeps what is asked
// and answered afterwards.
func (s *side) read() {
	for {
		f, err := s.conn.Recv()
		if err != nil {
			s.mu.Lock()
			s.err = err
			s.mu.Unlock()
			return
		}
		data := bytes.Clone(f.Data)
		switch f.Kind {
		case wire.Prepare:
			_ = s.conn.Send(wire.Prepared, f.ID, wire.Encode(wire.PreparedMsg{Fetches: s.fetches}))
		case wire.Settle:
			_ = s.conn.Send(wire.Settled, f.ID)
		case wire.Thaw:
			_ = wire.Decode(data, &s.thaw)
			_ = s.conn.Send(wire.Lacking, f.ID, wire.Encode(wire.LackingMsg{}))
		case wire.PagesEnd:
			if s.atEnd != nil {
				s.atEnd()
			}
			if !s.silent {
				_ = s.conn.Send(wire.Thawed, f.ID)
			}
			if s.deaf != nil {
				<-s.deaf
			}
		case wire.Want:
			var m wire.WantMsg
			_ = wire.Decode(data, &m)
			select {
			case s.wants <- m:
			default:
			}
		case wire.Commit:
			s.commits <- struct{}{}
		case wire.Freeze:
			var m wire.FreezeMsg
			_ = wire.Decode(data, &m)
			s.freezes <- m
		case wire.Reply:
			serial := le.Uint64(data)
			s.mu.Lock()
			c := s.replies[serial]
			delete(s.replies, serial)
			s.mu.Unlock()
			if c != nil {
				c <- data[8:]
			}
		}
	}
}

// callFrame is a Call frame's contents.
func callFrame(serial uint64, c *syscalls.Call) []byte {
	return c.Append(append(le.AppendUint64(nil, serial), make([]byte, wire.CallHead-8)...))
}

// call makes a call as the process and gives its result; false: there is no answer.
func (s *side) call(c *syscalls.Call) (ret int64, outs [][]byte, answered bool) {
	s.r.t.Helper()
	return s.callAs(s.pid, c)
}

// callAs is call of one of its threads or children.
func (s *side) callAs(own int, c *syscalls.Call) (ret int64, outs [][]byte, answered bool) {
	s.r.t.Helper()
	return s.request(wire.Call, own, func(serial uint64) []byte { return callFrame(serial, c) })
}

// request sends what has a reply, and gives that.
func (s *side) request(kind uint8, own int, body func(serial uint64) []byte) (ret int64, outs [][]byte, answered bool) {
	s.r.t.Helper()
	answer := make(chan []byte, 1)
	s.mu.Lock()
	s.serial++
	serial := s.serial
	s.replies[serial] = answer
	s.mu.Unlock()
	if s.send(kind, own, body(serial)) != nil {
		return 0, nil, false
	}
	deadline := time.After(patience)
	for {
		select {
		case data := <-answer:
			ret, outs, err := syscalls.DecodeReply(data)
			if err != nil {
				s.r.t.Fatal(err)
			}
			return ret, outs, true
		case <-deadline:
			s.r.t.Fatalf("a frame of kind %d is not answered", kind)
		case <-time.After(20 * time.Millisecond):
			if s.gone() {
				return 0, nil, false
			}
		}
	}
}

func (s *side) send(kind uint8, id int, data []byte) error {
	return s.conn.Send(kind, uint64(uint32(id)), data)
}

// gone tells whether home has hung up.
func (s *side) gone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err != nil
}

// lives fails the test unless the process's calls are made at home.
func (s *side) lives(who string) {
	s.r.t.Helper()
	ret, _, answered := s.call(&syscalls.Call{Nr: unix.SYS_GETPPID})
	if !answered || ret != int64(os.Getpid()) {
		s.r.t.Errorf("%s: getppid gives %d, %v", who, ret, answered)
	}
}

// ends waits for the end of the process, of a signal.
func (s *side) ends() {
	s.r.t.Helper()
	s.endsWithin(patience)
}

func (s *side) endsWithin(limit time.Duration) {
	s.r.t.Helper()
	over := make(chan error, 1)
	go func() { over <- s.cmd.Wait() }()
	select {
	case <-over:
	case <-time.After(limit):
		s.r.t.Fatal("the process does not end")
	}
	if w := s.cmd.ProcessState.Sys().(syscall.WaitStatus); !w.Signaled() {
		s.r.t.Errorf("the process ends with %v", s.cmd.ProcessState)
	}
}
