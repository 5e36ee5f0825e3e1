package hostilenode

import (
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// slowly reads some bytes now and then, once the other side has shown itself.
type slowly struct {
	net.Conn
	since time.Time
}

func (s *slowly) Read(b []byte) (int, error) {
	const quick, bytes, pause = 300 * time.Millisecond, 512, 100 * time.Millisecond
	if time.Since(s.since) > quick {
		time.Sleep(pause)
		b = b[:min(len(b), bytes)]
	}
	return s.Conn.Read(b)
}

const (
	// shortly is for how long a process may stand still here, and soon within what the move
	// is over then.
	shortly = 2 * time.Second
	soon    = shortly + 15*time.Second
)

// sleeps waits until the process does: it goes on a moment after it has been told that it may.
func (s *side) sleeps() {
	s.r.t.Helper()
	var text []byte
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		text, _ = os.ReadFile("/proc/" + itoa(s.pid) + "/status")
		if strings.Contains(string(text), "State:\tS") {
			return
		}
	}
	s.r.t.Errorf("the process is\n%s", text)
}

// given fails the test unless a move is given up because the process stood still for too long.
func (r *rig) given(moved chan supervisor.Event) {
	r.t.Helper()
	begun := time.Now()
	e := r.answer(moved, soon)
	if e.Kind != supervisor.Failed || !strings.Contains(e.Text, "stood still for") {
		r.t.Errorf("after %v: %+v", time.Since(begun), e)
	}
}

// some is a program with a memory that is not sent before it stands still.
var some = []string{"/usr/bin/perl", "-e", `$x = "x" x (1 << 20); sleep 1000`}

func needsPerl(t *testing.T) {
	if _, err := os.Stat(some[0]); err != nil {
		t.Skip(err)
	}
}

// A node that reads a few bytes now and then does not keep a process standing: it goes on at home,
// and can go elsewhere.
func TestASlowNode(t *testing.T) {
	needsPerl(t)
	r := start(t)
	bystander := r.lend(honestNode, "/bin/sleep", "1000")
	v := r.run(some...)
	r.mayStand(shortly)
	v.slow, v.strategy = true, supervisor.PreCopy
	r.given(r.moves(v, hostileNode))
	v.sleeps()
	r.unharmed(bystander)
	v.slow = false
	r.mayStand(0)
	if e := r.answer(r.moves(v, honestNode), patience); e.Kind != supervisor.Moved {
		t.Errorf("%+v", e)
	}
	v.lives("the victim")
}

// A process that is to go on to such a node goes on where it was.
func TestASlowNodeOnward(t *testing.T) {
	needsPerl(t)
	r := start(t)
	bystander := r.lend(honestNode, "/bin/sleep", "1000")
	old := r.lend(honestNode, some...)
	r.mayStand(shortly)
	next := newSide(r)
	next.pid, next.cmd, next.slow = old.pid, old.cmd, true
	go func() {
		try := (<-old.freezes).Try
		_ = old.frozen(try, func(*wire.ThawMsg) {})
		for _, r := range old.fetchable() {
			for at := r.Start; at < r.End; at += image.PageSize {
				_ = old.send(wire.Pages, old.pid, page(at, image.PageSize))
			}
		}
		_ = old.send(wire.PagesEnd, old.pid, nil)
	}()
	r.given(r.moves(next, hostileNode))
	old.lives("the victim")
	r.unharmed(bystander)
}

// What such a node does not take keeps no reader: other processes of the node that the
// process leaves go on, and the move ends with what is being sent.
func TestASlowNodeKeepsNobody(t *testing.T) {
	t.Parallel()
	r := start(t)
	old := r.lendRoomy(honestNode)
	child := old.child()
	next := newSide(r)
	next.pid, next.cmd, next.slow = old.pid, old.cmd, true
	go func() {
		<-old.freezes
		for at := old.fetchable()[0].Start; ; { // ahead, as long as somebody takes it
			if old.send(wire.Pages, old.pid, page(at, 256<<10)) != nil {
				return
			}
		}
	}()
	moved := r.moves(next, hostileNode)
	time.Sleep(2 * time.Second) // until all buffers are full
	if ret, _, answered := old.callAs(child, &syscalls.Call{Nr: unix.SYS_GETPPID}); !answered || ret != int64(old.pid) {
		t.Errorf("the other process has the parent %d, %v", ret, answered)
	}
	_ = next.raw.Close()
	if e := r.answer(moved, patience); e.Kind != supervisor.Failed {
		t.Errorf("%+v", e)
	}
	old.lives("the victim")
}

// A node that gives a page now and then when a process is called home does not keep it either.
func TestASlowNodeHomeward(t *testing.T) {
	r := start(t)
	bystander := r.lend(honestNode, "/bin/sleep", "1000")
	v := r.lend(hostileNode, "/bin/sleep", "1001")
	r.mayStand(shortly)
	word := r.ask(supervisor.Request{Verb: supervisor.MoveTo, PID: v.pid, Strategy: supervisor.PreCopy})
	m := <-v.freezes
	if m.Still != shortly {
		t.Errorf("the node is told that it may stand still for %v", m.Still)
	}
	over := make(chan struct{})
	go func() {
		_ = v.frozen(m.Try, func(*wire.ThawMsg) {})
		for {
			select {
			case <-over:
				return
			case <-time.After(100 * time.Millisecond):
				_ = v.send(wire.Pages, v.pid, page(v.fetchable()[0].Start, image.PageSize))
			}
		}
	}()
	r.given(word)
	close(over)
	v.lives("the victim")
	r.unharmed(bystander)
}
