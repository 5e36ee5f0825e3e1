package deputy

import (
	"errors"
	"net"
	"testing"

	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"
	"openmosix/internal/role/transport"
)

// TestPagesBeside: a further connection stores pages and says so; whatever else comes ends it, and so
// does more than a process can have.
func TestPagesBeside(t *testing.T) {
	page := make([]byte, 8+image.PageSize)
	for name, c := range map[string]struct {
		kinds []uint8
		bytes uint64
		pages int
		good  bool
	}{
		"pages":     {[]uint8{wire.Pages, wire.Pages, wire.Settle}, 1 << 20, 2, true},
		"endless":   {[]uint8{wire.Pages, wire.Pages, wire.Pages}, 3 * image.PageSize, 2, false},
		"a call":    {[]uint8{wire.Pages, wire.Call}, 1 << 20, 1, false},
		"an image":  {[]uint8{wire.Frozen}, 1 << 20, 0, false},
		"its words": {[]uint8{wire.Settle, wire.PagesEnd}, 1 << 20, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := net.Pipe()
			conn, guest := transport.NewFramed(ours), transport.NewFramed(theirs)
			ended, pages := make(chan error, 1), 0
			go func() {
				ended <- conn.TakePages((&allowance{bytes: c.bytes}).bounds(), func([]byte) error { pages++; return nil })
				_ = conn.Close()
			}()
			for _, kind := range c.kinds {
				if kind != wire.Settle {
					_ = guest.Send(kind, 7, page)
					continue
				}
				_ = guest.Send(kind, 7)
				if f, err := guest.Recv(); err != nil || f.Kind != wire.Settled {
					t.Errorf("frame %d, %v", f.Kind, err)
				}
			}
			if c.good {
				_ = guest.Close()
			}
			if err := <-ended; (err == nil) != c.good || pages != c.pages {
				t.Errorf("%d pages, %v", pages, err)
			}
			_ = guest.Close()
		})
	}
}

// TestTooLargeBeside: no frame of pages is larger than a link's may be, and what cannot be stored
// ends the connection.
func TestTooLargeBeside(t *testing.T) {
	broken := errors.New("broken")
	for size, want := range map[int]error{8 + image.PageSize: broken, mostPages + 1: nil} {
		ours, theirs := net.Pipe()
		conn, guest := transport.NewFramed(ours), transport.NewFramed(theirs)
		ended := make(chan error, 1)
		go func() {
			ended <- conn.TakePages((&allowance{bytes: 1 << 40}).bounds(), func([]byte) error { return broken })
			_ = conn.Close()
		}()
		_ = guest.Send(wire.Pages, 7, make([]byte, size))
		if err := <-ended; err == nil || errors.Is(err, broken) != (want != nil) {
			t.Errorf("%d bytes: %v", size, err)
		}
		_ = guest.Close()
	}
}
