package naming

import (
	"testing"
	"time"
)

type leaves map[int32]bool

func (l leaves) Leave(watch int32) { l[watch] = true }

// What changes all the time is told ever less often.
func TestWhatChangesIsToldLessOften(t *testing.T) {
	s, gone := newStated(), leaves{}
	for i, want := range []int{0, 2, 6, 14, 30, 62, 126, 128, 128} {
		s.files["/a/f"], s.watches[int32(i)] = int32(i), "/a/f"
		s.leave(gone, "/a", true) // all below it
		s.files["/a/f"] = int32(i)
		s.leave(gone, "/a/f", false)
		if got := s.ended["/a/f"].skips; got != want {
			t.Errorf("after %d times %d questions pass, want %d", i+1, got, want)
		}
		if !gone[int32(i)] || len(s.files)+len(s.watches) > 0 {
			t.Errorf("watch %d stays: %v %v", i, s.files, s.watches)
		}
	}
	s.leave(gone, "/b", true)
	if _, known := s.ended["/b"]; known {
		t.Error("what was not told has ended")
	}
	for i := range 2 * maxEnded {
		path := "/" + string(rune('a'+i%26)) + "/" + string(rune(0x100+i))
		s.directories[path] = time.Time{}
		s.leave(gone, path, false)
	}
	if len(s.ended) > maxEnded {
		t.Errorf("%d endings are remembered", len(s.ended))
	}
}

func TestOnce(t *testing.T) {
	o := newOnce()
	if o.again([]byte("/a")) || !o.again([]byte("/a")) || o.again([]byte("/b")) {
		t.Error("a name is told of for the first time, or is not")
	}
	for i := range 3 * maxAsked {
		o.again([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
	}
	if len(o.seen) > maxAsked {
		t.Errorf("%d names are remembered", len(o.seen))
	}
}
