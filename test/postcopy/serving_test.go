package postcopy

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// fetches begins a move that does not send anything before, and waits until it is shown that
// the process runs there and fetches.
func (p *program) fetches(t *testing.T, ctx context.Context, to, node int) (moved chan labtest.Status) {
	t.Helper()
	moved = make(chan labtest.Status, 1)
	go func() {
		status, _ := p.lab.Migrate(ctx, 1, p.pid, to, "--strategy=postcopy")
		moved <- status
	}()
	for ctx.Err() == nil {
		if s := p.shown(t, ctx); s.Node == node && s.Move != nil && s.Move.Phase == "fetch" {
			return moved
		}
	}
	t.Fatalf("it is never shown that memory follows to %s", labtest.Destination(to))
	return nil
}

const supervisorAtHome = "pgrep -f ' supervise-[h]ome' | head -1"

// held counts the userfaultfds that the daemon at home has: a process that lacks pages there
// is pledged to it.
const held = "ls -l /proc/$(pgrep -f '[ /]node --config' | head -1)/fd | grep -c userfaultfd || true"

// isHeld waits until the daemon holds so many.
func (p *program) isHeld(t *testing.T, ctx context.Context, want string) {
	t.Helper()
	text := ""
	for range tries {
		if text, _ = p.lab.Shell(ctx, 1, held); text == want {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("the daemon holds %q userfaultfds, not %s", text, want)
}

// TestNoZeros: a program whose supervisor dies while pages are missing at home dies, before
// it sees that they are.
func TestNoZeros(t *testing.T) {
	lab := labtest.Up(t, 2)
	path := build(t)
	for range 3 {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		p := start(t, ctx, lab, path, "read", 512)
		p.move(t, ctx, "2", "precopy")
		moved := p.fetches(t, ctx, labtest.Home, labtest.Home)
		p.isHeld(t, ctx, "1")
		if text, err := lab.Shell(ctx, 1, "kill -9 $("+supervisorAtHome+")"); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		if p.said.Scan() {
			t.Errorf("it says %q", p.said.Text())
		}
		if err := p.run.Wait(); err == nil {
			t.Error("it ends as if nothing had happened")
		}
		<-moved
		p.isHeld(t, ctx, "0")
	}
}

// TestDeathWaitsForWhatFollows: what dies with a core dump while pages are missing at home
// does so when they are there.
func TestDeathWaitsForWhatFollows(t *testing.T) {
	lab := labtest.Up(t, 2)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	p := start(t, ctx, lab, build(t), "wait", 512)
	p.move(t, ctx, "2", "precopy")
	moved := p.fetches(t, ctx, labtest.Home, labtest.Home)
	if err := lab.Command(ctx, 1, "/", "kill", "-QUIT", strconv.Itoa(p.pid)).Run(); err != nil {
		t.Fatal(err)
	}
	if p.said.Scan() {
		t.Errorf("it says %q", p.said.Text())
	}
	if err := p.run.Wait(); err == nil {
		t.Error("it ends as if nothing had happened")
	}
	select {
	case <-moved:
	case <-ctx.Done():
		t.Error("the move does not end")
	}
	text, err := lab.Log(1)
	if err != nil || strings.Contains(text, "a part of a process's memory is lost") {
		t.Errorf("it did not wait: %v", err)
	}
}

// TestWhoIsLeftHasWhatFollows: a process forks while pages of it are missing, at home or away,
// and ends. Its child lacks the same pages, and gets them.
func TestWhoIsLeftHasWhatFollows(t *testing.T) {
	lab := labtest.Up(t, 2)
	path := build(t)
	for _, to := range []int{labtest.Home, 2} {
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		p := start(t, ctx, lab, path, "leave", 512)
		if to == labtest.Home {
			p.move(t, ctx, "2", "precopy")
		}
		moved := p.fetches(t, ctx, to, to)
		p.judge(t, ctx)
		<-moved
		p.isHeld(t, ctx, "0")
	}
}

// TestDaemonStandsStill: a process that comes home does not depend on the daemon that holds
// its userfaultfd; a fork is where it would wait for it.
func TestDaemonStandsStill(t *testing.T) {
	lab := labtest.Up(t, 2)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	p := start(t, ctx, lab, build(t), "fork", 256)
	p.move(t, ctx, "2", "precopy")
	moved := p.fetches(t, ctx, labtest.Home, labtest.Home)
	p.isHeld(t, ctx, "1")
	const daemon = "$(pgrep -f '[ /]node --config' | head -1)"
	do(t, ctx, lab, 1, "kill -STOP "+daemon)
	for log := ""; !strings.Contains(log, "event=guest-ended"); time.Sleep(20 * time.Millisecond) { // all has come
		if log, _ = lab.Log(2); ctx.Err() != nil {
			t.Fatal("its memory does not come")
		}
	}
	time.Sleep(time.Second) // for it to fork again and again
	p.judge(t, ctx)
	if text, err := lab.Shell(ctx, 1, "kill -CONT "+daemon); err != nil {
		t.Errorf("%v: %s", err, text)
	}
	<-moved
}

// TestExpelWaitsForWhatFollows: a node that has been emptied is not needed by what has gone
// on from it.
func TestExpelWaitsForWhatFollows(t *testing.T) {
	lab := labtest.Up(t, 3)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	p := start(t, ctx, lab, build(t), "write", 256)
	p.move(t, ctx, "2", "precopy")
	<-p.fetches(t, ctx, 3, 3)
	if text, err := lab.Command(ctx, 2, "/", labtest.InNode, "mosctl", "expel").CombinedOutput(); err != nil {
		t.Errorf("expel: %v: %s", err, text)
	}
	if s := p.shown(t, ctx); s.Node != 3 || s.Move != nil {
		t.Errorf("after expel: node %d, %v", s.Node, s.Move)
	}
	left := ""
	for range tries { // it ends by itself
		if left, _ = lab.Shell(ctx, 2, "pgrep -f ' supervise-[g]uest' || true"); left == "" {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if left != "" {
		t.Errorf("left on node 2: %s", left)
	}
	p.judge(t, ctx)
}
