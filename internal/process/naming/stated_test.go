package naming

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"openmosix/internal/model/wire"
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

// hearing counts what a guest's side is told.
type hearing struct{ known, forget int }

func (h *hearing) Post(kind uint8, _ uint64, _ ...[]byte) error {
	switch kind {
	case wire.Known:
		h.known++
	case wire.Forget:
		h.forget++
	}
	return nil
}

// Who asks for a state several times before it is told ends nothing by that, nor does another side; who opens the file does.
func TestStateAskedForAgain(t *testing.T) {
	n, dir := watching(t)
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var one, two hearing
	n.sides = []Side{&one, &two}
	if err := n.stateOfFile(Shown{Side: &one}, path, ""); err != nil {
		t.Skipf("states on %s are not told: %v", dir, err)
	}
	for _, side := range []*hearing{&one, &two, &one} {
		if err := n.stateOfFile(Shown{Side: side}, path, ""); err != nil {
			t.Error(err)
		}
		n.Settle()
	}
	if want := (hearing{known: 3}); one != want || two != (hearing{known: 1}) {
		t.Errorf("one was told %+v, the other %+v", one, two)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	n.Settle()
	if one.forget != 1 || two.forget != 1 {
		t.Errorf("opened: one was told %+v, the other %+v", one, two)
	}
}
