package shortcut

import (
	"strings"
	"testing"
)

// newTable is one that no process reads.
func newTable() *Table { return &Table{mem: make([]byte, TableSize)} }

func TestKeysThatFit(t *testing.T) {
	for _, c := range []struct {
		k    Key
		want bool
	}{
		{Key{89, 0, "/usr"}, true}, {Key{257, 3, "x.h"}, true},
		{Key{257, 0, "x.h"}, false}, {Key{257, 3, "/usr"}, false}, {Key{257, 3, ""}, false}, {Key{2, 0, "/usr"}, false},
		{Key{89, 0, "/" + strings.Repeat("x", longest-2)}, true}, {Key{89, 0, "/" + strings.Repeat("x", longest-1)}, false},
	} {
		if got := newTable().Put(c.k, -2); got != c.want {
			t.Errorf("%+v: %v", c.k, got)
		}
	}
}

// An answer that does not hold any more is one that is being written for ever, until another takes its place.
func TestKeep(t *testing.T) {
	table := newTable()
	for _, path := range []string{"/a", "/b", "/c"} {
		table.Put(Key{89, 0, path}, -2)
	}
	table.Keep(func(k Key, _ int32) bool { return k.Path == "/b" })
	for path, odd := range map[string]uint32{"/a": 1, "/b": 0, "/c": 1} {
		k := Key{89, 0, path}
		if seq := load(table.mem[entriesOff+place(k.hash())*entrySize:]); seq&1 != odd {
			t.Errorf("%s: sequence %d", path, seq)
		}
	}
	k := Key{89, 0, "/a"}
	if table.Put(k, -22); table.Len() != 2 || load(table.mem[entriesOff+place(k.hash())*entrySize:])&1 != 0 {
		t.Error("it cannot be put again")
	}
}

func TestControlWords(t *testing.T) {
	table := newTable()
	for i := range controls {
		if n, ok := table.Take(); !ok || n != i {
			t.Fatalf("%d: %d, %v", i, n, ok)
		}
	}
	if _, ok := table.Take(); ok {
		t.Error("one more than there are")
	}
	table.Control(7, true, 9)
	table.Return(7)
	if n, ok := table.Take(); !ok || n != 7 || load(table.mem[8*7:]) != 0 {
		t.Errorf("%d, %v, and may answer %d", n, ok, load(table.mem[8*7:]))
	}
}
