package hostilenode

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// roomy is a program with more memory than is on its way at once: it sleeps.
var roomy = []string{"/usr/bin/perl", "-e", `$x = "x" x (48 << 20); sleep 1000`}

// lendRoomy lends such a program, which has taken its memory.
func (r *rig) lendRoomy(node int) *side {
	r.t.Helper()
	if _, err := exec.LookPath(roomy[0]); err != nil {
		r.t.Skip(err)
	}
	s := r.run(roomy...)
	for deadline := time.Now().Add(patience); resident(s.pid) < 48<<20 && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	if e := r.answer(r.moves(s, node), patience); e.Kind != supervisor.Moved {
		r.t.Fatalf("it does not leave: %+v", e)
	}
	return s
}

// child is a child of the process, made by its calls.
func (s *side) child() int {
	s.r.t.Helper()
	ret, _, answered := s.request(wire.Clone, s.pid, func(serial uint64) []byte {
		return wire.Encode(wire.CloneMsg{Serial: serial, Flags: uint64(unix.SIGCHLD)})
	})
	if !answered || ret <= 0 {
		s.r.t.Fatalf("no child: %d, %v", ret, answered)
	}
	s.r.t.Cleanup(func() { _ = unix.Kill(int(ret), unix.SIGKILL) })
	return int(ret)
}

// passedOn moves a process from one node to another, which says that pages may follow; all
// that can does. It is heard of when home has been told that the process runs there.
func (r *rig) passedOn(old *side, change func(next *side)) (next *side, moved chan supervisor.Event) {
	r.t.Helper()
	next = newSide(r)
	next.pid, next.cmd, next.fetches, next.strategy = old.pid, old.cmd, true, supervisor.PostCopy
	change(next)
	node := honestNode
	freeze := make(chan struct{})
	go func() {
		old.frozenLater((<-old.freezes).Try)
		close(freeze)
	}()
	moved = r.moves(next, node)
	select {
	case <-freeze:
	case <-time.After(patience):
		r.t.Fatal("nobody asks for a freeze")
	}
	return next, moved
}

// wantsAll asks for all that was left out, as much as fits into a frame at a time.
func (s *side) wantsAll(urgent bool) {
	for _, r := range s.fetchable() {
		_ = s.send(wire.Want, s.pid, wire.Encode(wire.WantMsg{Ranges: []image.Range{r}, Urgent: urgent}))
	}
}

// serve answers what is asked of a node until the test ends.
func (s *side) serve(gives func(wire.WantMsg)) {
	over := make(chan struct{})
	s.r.t.Cleanup(func() { close(over) })
	go func() {
		for {
			select {
			case m := <-s.wants:
				gives(m)
			case <-over:
				return
			}
		}
	}()
}

// The node that a process has left gives what nobody asked for, or nothing: the process ends, and
// its new node is told. What it gives in any order, in small pieces, is passed on.
func TestTheOldNodeLies(t *testing.T) {
	for name, c := range map[string]struct {
		gives func(s *side, m wire.WantMsg)
		says  string // empty: all comes
		slow  bool
	}{
		"honest":            {func(s *side, m wire.WantMsg) { s.gives(m, 1) }, "", false},
		"half a page":       {func(s *side, m wire.WantMsg) { _ = s.send(wire.Fetched, s.pid, piece(m.Ranges[0].Start, 100)) }, "not understood", false},
		"twice":             {func(s *side, m wire.WantMsg) { s.gives(m, 2) }, "not asked for", false},
		"another place":     {func(s *side, m wire.WantMsg) { _ = s.send(wire.Fetched, s.pid, piece(image.PageSize, image.PageSize)) }, "not asked for", false},
		"it hangs up":       {func(s *side, m wire.WantMsg) { _ = s.raw.Close() }, "connection", false},
		"nothing":           {func(*side, wire.WantMsg) {}, "not at all, or too slowly", true},
		"others, endlessly": {func(s *side, m wire.WantMsg) { s.gives(m, 1000) }, "not asked for", false},
	} {
		t.Run(name, func(t *testing.T) {
			if c.slow && testing.Short() {
				t.Skip("takes half a minute")
			}
			t.Parallel()
			r := start(t)
			bystander := r.lend(honestNode, "/bin/sleep", "1000")
			old := r.lendRoomy(hostileNode)
			next, moved := r.passedOn(old, func(*side) {})
			old.serve(func(m wire.WantMsg) { c.gives(old, m) })
			if e := r.answer(moved, patience); e.Kind != supervisor.Moved {
				t.Fatalf("%+v", e)
			}
			next.lives("the victim")
			next.wantsAll(false)
			if c.says == "" {
				select {
				case <-old.commits:
				case <-time.After(time.Minute):
					t.Error("the old node is kept")
				}
				next.lives("the victim")
			} else {
				next.endsWithin(2 * time.Minute)
				r.toldLost(next.pid)
				r.mu.Lock()
				if why := r.lost[next.pid]; !strings.Contains(why, c.says) {
					t.Errorf("it is lost because %q", why)
				}
				r.mu.Unlock()
			}
			r.unharmed(bystander)
		})
	}
}

// The new node of a process asks for anything, for ever, or for nothing; takes nothing; never says
// that it has all. The old one's other processes go on, and it is released.
func TestTheNewNodeLies(t *testing.T) {
	for name, c := range map[string]struct {
		change func(next *side)
		does   func(next *side)
		dies   bool // in the end: it takes nothing
		slow   bool
	}{
		"never says that it is done": {nil, func(s *side) { s.wantsAll(false) }, false, false},
		"everything is urgent":       {nil, func(s *side) { s.wantsAll(true) }, false, false},
		"what is not the process's": {nil, func(s *side) {
			for _, r := range []image.Range{{End: 1 << 46}, {Start: 1 << 20, End: 1 << 40}, {Start: 4096, End: 8192}} {
				for range 1000 {
					_ = s.send(wire.Want, s.pid, wire.Encode(wire.WantMsg{Ranges: []image.Range{r}, Urgent: true}))
				}
			}
			_ = s.send(wire.Want, s.r.home.Process.Pid, wire.Encode(wire.WantMsg{Ranges: []image.Range{{End: 1 << 46}}}))
			s.wantsAll(false)
		}, false, false},
		"the same for ever": {nil, func(s *side) {
			one := wire.Encode(wire.WantMsg{Ranges: s.fetchable()[:1], Urgent: true})
			for range 100_000 {
				_ = s.send(wire.Want, s.pid, one)
			}
			s.wantsAll(false)
		}, false, false},
		"nonsense": {nil, func(s *side) {
			for range 100_000 {
				_ = s.send(wire.Want, s.pid, []byte{0x9b, 0xff, 0xff})
			}
			s.wantsAll(false)
		}, false, false},
		"nothing":     {nil, func(*side) {}, false, true},
		"it is deaf":  {func(s *side) { s.deaf = make(chan struct{}) }, func(s *side) { s.wantsAll(true) }, true, true},
		"it hangs up": {nil, func(s *side) { s.wantsAll(true); _ = s.raw.Close() }, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			if c.slow && testing.Short() {
				t.Skip("takes half a minute")
			}
			t.Parallel()
			r := start(t)
			bystander := r.lend(honestNode, "/bin/sleep", "1000")
			old := r.lendRoomy(hostileNode)
			child := old.child()
			next, moved := r.passedOn(old, func(s *side) {
				if c.change != nil {
					c.change(s)
				}
			})
			if next.deaf != nil {
				t.Cleanup(func() { close(next.deaf) })
			}
			old.serve(func(m wire.WantMsg) { old.gives(m, 1) })
			if e := r.answer(moved, patience); e.Kind != supervisor.Moved {
				t.Fatalf("%+v", e)
			}
			c.does(next)
			for range 20 { // while pages are, or are not, passed on
				if ret, _, answered := old.callAs(child, &syscalls.Call{Nr: unix.SYS_GETPPID}); !answered || ret != int64(old.pid) && !c.dies {
					t.Errorf("the child that has stayed has the parent %d, %v", ret, answered)
				}
				time.Sleep(20 * time.Millisecond)
			}
			select {
			case <-old.commits:
			case <-time.After(2 * time.Minute):
				t.Error("the old node is kept")
			}
			if c.dies {
				next.endsWithin(2 * time.Minute)
			} else {
				next.lives("the victim")
			}
			r.unharmed(bystander)
			if n := len(r.log.String()); n > 64<<10 {
				t.Errorf("the log has %d bytes", n)
			}
		})
	}
}

// The new node of a process is lost before it has said that the process runs there: it goes on
// where it was, and has all of its memory there.
func TestTheNewNodeIsLost(t *testing.T) {
	t.Parallel()
	r := start(t)
	bystander := r.lend(honestNode, "/bin/sleep", "1000")
	old := r.lendRoomy(hostileNode)
	_, moved := r.passedOn(old, func(s *side) { s.silent, s.atEnd = true, func() { _ = s.raw.Close() } })
	old.serve(func(m wire.WantMsg) { old.gives(m, 1) })
	if e := r.answer(moved, patience); e.Kind != supervisor.Failed {
		t.Errorf("%+v", e)
	}
	old.lives("the victim")
	r.unharmed(bystander)
}

// A process that makes calls on its new node runs there, though the node does not say so: it does
// not go on where it was as well.
func TestTheNewNodeOnlyCalls(t *testing.T) {
	t.Parallel()
	r := start(t)
	old := r.lendRoomy(hostileNode)
	r.mayStand(shortly)
	next, moved := r.passedOn(old, func(s *side) {
		s.silent, s.atEnd = true, func() { _ = s.send(wire.Call, s.pid, callFrame(1<<20, &syscalls.Call{Nr: unix.SYS_GETPPID})) }
	})
	old.serve(func(m wire.WantMsg) { old.gives(m, 1) })
	if e := r.answer(moved, soon); e.Kind != supervisor.Moved {
		t.Errorf("%+v", e)
	}
	next.lives("the victim")
	next.wantsAll(false)
	select {
	case <-old.commits:
	case <-time.After(patience):
		t.Error("the node that it has left is kept")
	}
}

// An onward move whose new node never says that the process runs there ends; the process goes on
// where it was, and has all of its memory there.
func TestTheNewNodeIsSilent(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	t.Parallel()
	r := start(t)
	bystander := r.lend(honestNode, "/bin/sleep", "1000")
	old := r.lendRoomy(hostileNode)
	next, moved := r.passedOn(old, func(s *side) { s.silent = true })
	old.serve(func(m wire.WantMsg) { old.gives(m, 1) })
	next.wantsAll(true) // all is passed on, and the old node is needed nevertheless
	if e := r.answer(moved, time.Minute); e.Kind != supervisor.Failed {
		t.Errorf("%+v", e)
	}
	select {
	case <-old.commits:
		t.Error("the node that the process goes on on was told to forget it")
	default:
	}
	old.lives("the victim")
	r.unharmed(bystander)
}
