package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"openmosix/internal/model/event"
)

func TestStream(t *testing.T) {
	hungUp := make(chan struct{}, 1)
	dir := serve(t, func(_ context.Context, _ Caller, r Request, _ func(Progress)) Result {
		if r.To == 9 {
			return Result{Code: BadRequest, Text: "no"}
		}
		return Result{Stream: func(ctx context.Context, tell func(event.Event) error) Result {
			for i := range 3 {
				_ = tell(event.Event{Seq: uint64(i + 1), What: &event.Settings{Word: strings.Repeat("x", 100)}})
			}
			if r.PID == 1 {
				return Result{Text: "enough"}
			}
			<-ctx.Done()
			hungUp <- struct{}{}
			return Result{}
		}}
	})
	client := NewClient(dir)
	var heard []uint64
	listen := func(e event.Event) error { heard = append(heard, e.Seq); return nil }
	if r, err := client.Watch(t.Context(), Request{Verb: Events, PID: 1}, listen); err != nil || r.Text != "enough" || fmt.Sprint(heard) != "[1 2 3]" {
		t.Errorf("%+v, %v, heard %v", r, err, heard)
	}
	if r, err := client.Watch(t.Context(), Request{Verb: Events, To: 9}, listen); err != nil || r.Code != BadRequest {
		t.Errorf("%+v, %v", r, err)
	}
	// A client that has had enough, or whose user has.
	enough := errors.New("enough")
	if _, err := client.Watch(t.Context(), Request{Verb: Events}, func(event.Event) error { return enough }); !errors.Is(err, enough) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := client.Watch(ctx, Request{Verb: Events}, func(event.Event) error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for range 2 {
		select {
		case <-hungUp:
		case <-time.After(10 * time.Second):
			t.Fatal("the stream goes on without its client")
		}
	}
}

// TestALongStream is longer than any one answer may be.
func TestALongStream(t *testing.T) {
	const size, many = 1 << 20, 20 // more than maxAnswer together
	dir := serve(t, func(_ context.Context, _ Caller, r Request, _ func(Progress)) Result {
		return Result{Stream: func(_ context.Context, tell func(event.Event) error) Result {
			for range many {
				if tell(event.Event{What: &event.Settings{Word: strings.Repeat("x", r.PID)}}) != nil {
					break
				}
			}
			return Result{Text: "end"}
		}}
	})
	heard := 0
	listen := func(event.Event) error { heard++; return nil }
	if r, err := NewClient(dir).Watch(t.Context(), Request{Verb: Events, PID: size}, listen); err != nil || r.Text != "end" || heard != many {
		t.Errorf("%v, %d heard", err, heard)
	}
	if _, err := NewClient(dir).Watch(t.Context(), Request{Verb: Events, PID: 2 * maxAnswer}, listen); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("an answer without end: %v", err)
	}
}
