package peer

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"openmosix/internal/model/event"
	"openmosix/internal/model/trust"
	"openmosix/internal/node/control"
)

func TestListen(t *testing.T) {
	hungUp := make(chan struct{})
	addr, id := listen(t, func(_ context.Context, from trust.Name, r Request, _ func(control.Progress)) Reply {
		switch {
		case r.Watch == nil:
			return Reply{Info: &Info{}}
		case r.Watch.Run == "none":
			return Reply{Info: &Info{}}
		case r.Watch.Run == "too many":
			return Reply{Error: "followed by too many"}
		}
		return Reply{Stream: func(ctx context.Context, tell func(Told) error) error {
			for i := range 3 {
				e := event.Event{Seq: r.Watch.After + uint64(i) + 1, Node: from.Node, What: &event.Settings{Word: "stay"}}
				if err := tell(Told{Run: r.Watch.Run, Event: &e}); err != nil {
					return err
				}
			}
			if r.Watch.Run == "ends" {
				return errors.New("it ends")
			}
			<-ctx.Done()
			close(hungUp)
			return ctx.Err()
		}}
	})
	ctx, cancel := context.WithCancel(t.Context())
	var last uint64
	err := Listen(ctx, 2, addr, id, Watch{Run: "x", After: 40}, func(told Told) {
		if told.Run != "x" || told.Event == nil || told.Event.What.Kind() != event.SettingsChanged {
			t.Errorf("%+v", told)
			return
		}
		if last = told.Event.Seq; last == 43 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || last != 43 {
		t.Errorf("%v after event %d", err, last)
	}
	select {
	case <-hungUp:
	case <-time.After(10 * time.Second):
		t.Error("the other side goes on telling")
	}
	heard := 0
	if err := Listen(t.Context(), 2, addr, id, Watch{Run: "ends"}, func(Told) { heard++ }); err == nil || heard != 3 {
		t.Errorf("a stream that ended: %v, %d heard", err, heard)
	}
	for run, want := range map[string]string{"none": "does not tell", "too many": "by too many"} {
		if err := Listen(t.Context(), 2, addr, id, Watch{Run: run}, func(Told) {}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", run, err)
		}
	}
	if err := Listen(t.Context(), 3, addr, id, Watch{Run: "x"}, func(Told) {}); !errors.Is(err, ErrOtherNode) {
		t.Errorf("node 2 was taken for node 3: %v", err)
	}
}
