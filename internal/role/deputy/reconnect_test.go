package deputy

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A link that breaks again and again is made again ever later, one that was whole for a while at once.
func TestBreaks(t *testing.T) {
	var b breaks
	now := time.Now()
	for i, want := range []time.Duration{0, tryPause, 2 * tryPause, 3 * tryPause} {
		if got := b.pause(now); got != want {
			t.Errorf("break %d: %v, not %v", i, got, want)
		}
		b.mended = now
		now = now.Add(time.Second)
	}
	for range 100 {
		if b.pause(now) > calmPause {
			t.Fatal("it is waited for too long")
		}
	}
	if got := b.pause(now.Add(2 * calmFor)); got != 0 {
		t.Errorf("after a while %v", got)
	}
}

func TestUnknownThere(t *testing.T) {
	for err, want := range map[error]bool{
		fmt.Errorf("handshake: %w", io.EOF):           true,
		fmt.Errorf("handshake: %w", unix.ECONNRESET):  true,
		fmt.Errorf("connect: %w", unix.ECONNREFUSED):  false,
		fmt.Errorf("connect: %w", unix.EHOSTUNREACH):  false,
		errors.New("the node did not answer in time"): false,
	} {
		if unknownThere(err) != want {
			t.Errorf("%v: %v", err, !want)
		}
	}
}
