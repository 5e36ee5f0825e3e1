package postcopy

import (
	"context"
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// shown is what mps says of the program's move.
type shown struct {
	PID  int `json:"pid"`
	Node int `json:"node"`
	Move *struct {
		Phase string `json:"phase"`
		Done  uint64 `json:"done"`
		Total uint64 `json:"total"`
	} `json:"move"`
}

func (p *program) shown(t *testing.T, ctx context.Context) shown {
	t.Helper()
	text, err := p.lab.Command(ctx, 1, "/", labtest.InNode, "mps", "--json", strconv.Itoa(p.pid)).Output()
	var all []shown
	if err != nil || json.Unmarshal(text, &all) != nil || len(all) != 1 {
		t.Fatalf("mps: %v: %s", err, text)
	}
	return all[0]
}

const tries = 200

// TestCancel gives moves up while memory is being sent, on every kind of way.
func TestCancel(t *testing.T) {
	lab := labtest.Up(t, 3)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	p := start(t, ctx, lab, build(t), "write", 512)
	if status := p.cancel(t, ctx); status != labtest.NotMoving {
		t.Errorf("nothing to cancel: %v", status)
	}
	p.moveIsCancelled(t, ctx, 2, labtest.Home)
	if status, text := lab.Migrate(ctx, 1, p.pid, 2, "--strategy=postcopy"); status != labtest.Moved {
		t.Fatalf("%v: %s", status, text)
	}
	time.Sleep(time.Second) // to write enough there
	p.hasAll(t, ctx)
	p.moveIsCancelled(t, ctx, labtest.Home, 2)
	p.moveIsCancelled(t, ctx, 3, 2)
	p.move(t, ctx, "home", "")
	p.judge(t, ctx)
}

func (p *program) cancel(t *testing.T, ctx context.Context) labtest.Status {
	t.Helper()
	status, text := p.lab.CancelMove(ctx, 1, p.pid)
	if status == labtest.NoAnswer {
		t.Fatal(text)
	}
	return status
}

// hasAll waits until the rest of its memory has come: until then that is shown as its move.
func (p *program) hasAll(t *testing.T, ctx context.Context) {
	t.Helper()
	for p.shown(t, ctx).Move != nil {
		if ctx.Err() != nil {
			t.Fatal("its memory does not come")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// moveIsCancelled begins a move and cancels it when memory is on its way.
func (p *program) moveIsCancelled(t *testing.T, ctx context.Context, to, at int) {
	t.Helper()
	moved := make(chan labtest.Status, 1)
	go func() {
		status, _ := p.lab.Migrate(ctx, 1, p.pid, to)
		moved <- status
	}()
	seen := false
	for range tries {
		if s := p.shown(t, ctx); s.Move != nil && (s.Move.Phase == "precopy" && s.Move.Done > 0 || s.Move.Phase == "fetch") {
			seen = true
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	if !seen {
		t.Fatalf("no progress of the move to %s is shown", labtest.Destination(to))
	}
	if status := p.cancel(t, ctx); status != labtest.Moved {
		t.Errorf("cancel: %v", status)
	}
	if status := <-moved; status != labtest.Cancelled {
		t.Errorf("the move to %s: %v", labtest.Destination(to), status)
	}
	if s := p.shown(t, ctx); s.Node != at {
		t.Errorf("it is on node %d, not %d", s.Node, at)
	}
}

// TestProgressOfWhatFollows: a process that runs elsewhere and has not got all of
// its memory yet is shown as such.
func TestProgressOfWhatFollows(t *testing.T) {
	lab := labtest.Up(t, 2)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	p := start(t, ctx, lab, build(t), "wait", 1024)
	for range 5 {
		p.move(t, ctx, "2", "postcopy")
		for s := p.shown(t, ctx); s.Node == 2 && s.Move != nil && s.Move.Phase == "fetch"; s = p.shown(t, ctx) {
			if s.Move.Total > 1<<29 && s.Move.Done <= s.Move.Total {
				p.judge(t, ctx)
				return
			}
		}
		p.move(t, ctx, "home", "postcopy")
	}
	t.Error("nothing of what follows was ever shown")
}
