package deputy

import (
	"testing"
	"time"

	"openmosix/internal/model/wire"
)

// A move that takes nothing keeps the reader for a while only, and is over then: frames
// are missing.
func TestInboxOverflows(t *testing.T) {
	in := newInbox()
	in.waits = 10 * time.Millisecond
	put := make(chan struct{})
	go func() {
		defer close(put)
		for range 2 * inboxSize {
			in.put(frame{kind: wire.Pages})
		}
		in.put(frame{kind: wire.Pages, data: make([]byte, inboxBytes)})
		in.put(frame{kind: wire.Pages, data: make([]byte, inboxBytes)})
	}()
	select {
	case <-put:
	case <-time.After(10 * time.Second):
		t.Fatal("the reader waits for ever")
	}
	if _, ok := in.next(time.Second, nil, nil); ok {
		t.Error("the move goes on")
	}
}
