package syscalls

import (
	"bytes"
	"slices"
	"testing"

	"openmosix/internal/model/abi"
)

// A question that has been taken apart and put together for another path is what the guest's side sends of that one.
func TestLook(t *testing.T) {
	m := newMemory()
	m.put(0x10000, append([]byte("dir/one\x00"), make([]byte, 300)...))
	m.put(0x10400, append([]byte("dir/another\x00"), make([]byte, 300)...))
	m.put(0x10800, append([]byte("security.selinux\x00"), make([]byte, 100)...))
	for _, c := range []struct {
		nr   int
		args [6]uint64
		path int
	}{
		{332, [6]uint64{1<<64 - 100, 0, 0x100, 0x7ff, 0x40000}, 1},
		{262, [6]uint64{5, 0, 0x40000, 0x100}, 1},
		{6, [6]uint64{0, 0x40000}, 0},
		{192, [6]uint64{0, 0x10800, 0x40000, 100}, 0},
		{195, [6]uint64{0, 0x40000, 0}, 0},
	} {
		gather := func(at uint64) *Call {
			args := c.args
			args[c.path] = at
			call, e := Lookup(c.nr).Gather(args, m)
			if e != abi.OK {
				t.Fatal(c.nr, e)
			}
			return call
		}
		first := gather(0x10000)
		kind, fd, path, is := first.Look()
		if !is || path != "dir/one" {
			t.Errorf("call %d: %q, %v", c.nr, path, is)
			continue
		}
		if again, err := LookAt(kind, fd, path); err != nil || !bytes.Equal(again, first.Append(nil)) {
			t.Errorf("call %d of the same path is %x, %v", c.nr, again, err)
		}
		if other, err := LookAt(kind, fd, "dir/another"); err != nil || !bytes.Equal(other, gather(0x10400).Append(nil)) {
			t.Errorf("call %d of another path is %x, %v", c.nr, other, err)
		}
	}
	for nr := range 500 {
		if row := Lookup(nr); IsLook(nr) && (!row.Forwardable() || row.Interrupt != Never || row.Mask || row.Where != Home) {
			t.Errorf("%s is no mere question", row.Name)
		}
	}
	if _, _, _, is := (&Call{Nr: 1}).Look(); is {
		t.Error("write asks")
	}
	if _, err := LookAt(string((&Call{Nr: 4}).Append(nil)), 0, "x"); err == nil {
		t.Error("a question without a path fits for one")
	}
}

func TestNames(t *testing.T) {
	entry := func(name string) []byte {
		n := (19 + len(name) + 1 + 7) &^ 7
		b := make([]byte, n)
		le.PutUint16(b[16:], uint16(n))
		copy(b[19:], name)
		return b
	}
	b := slices.Concat(entry("."), entry("one"), entry(".."), entry("a longer name"))
	if got := Names(b); !slices.Equal(got, []string{"one", "a longer name"}) {
		t.Error(got)
	}
	for n := range len(b) { // cut anywhere
		_ = Names(b[:n])
	}
	le.PutUint16(b[16:], 3)
	if got := Names(b); got != nil {
		t.Error(got)
	}
}
