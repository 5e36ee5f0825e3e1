package syscalls

import (
	"testing"

	"openmosix/internal/model/abi"
)

// What is foretold must change nothing, and be sent home as the table says.
func TestQuestions(t *testing.T) {
	cwd := uint64(1<<64 - 100)
	for _, c := range []struct {
		name string
		nr   int
		args [6]uint64
		is   bool
	}{
		{"prlimit64 that reads", 302, [6]uint64{0, 7, 0, 1}, true},
		{"prlimit64 that sets", 302, [6]uint64{0, 7, 1, 0}, false},
		{"prlimit64 of another process", 302, [6]uint64{7, 7, 0, 1}, false},
		{"TCGETS", 16, [6]uint64{2, 0x5401, 1}, true},
		{"TCGETS of another descriptor", 16, [6]uint64{3, 0x5401, 1}, false},
		{"TCSETS", 16, [6]uint64{2, 0x5402, 1}, false},
		{"newfstatat", 262, [6]uint64{cwd, 1, 1, 0}, true},
		{"newfstatat of a descriptor", 262, [6]uint64{3, 1, 1, 0x1000}, false},
		{"access", 21, [6]uint64{1, 4}, true},
		{"readlink", 89, [6]uint64{1, 1, 64}, false},
		{"open", 2, [6]uint64{1, 0}, false},
		{"read", 0, [6]uint64{0, 1, 1}, false},
		{"umask", 95, [6]uint64{0}, false},
	} {
		if IsQuestion(c.nr, c.args) != c.is {
			t.Errorf("%s: a question is %v", c.name, !c.is)
		}
	}
	m := newMemory()
	m.put(0x10000, make([]byte, 256))
	for _, c := range []struct {
		name string
		nr   int
		args [6]uint64
		is   bool
	}{
		{"prlimit64 that reads", 302, [6]uint64{0, 7, 0, 0x10000}, true},
		{"prlimit64 that sets", 302, [6]uint64{0, 7, 0x10000, 0}, false},
		{"prlimit64 that sets what cannot be read", 302, [6]uint64{0, 7, 0x90000, 0}, false},
		{"prlimit64 that does both", 302, [6]uint64{0, 7, 0x10000, 0x10000}, false},
		{"newfstatat", 262, [6]uint64{cwd, 0x10000, 0x10000, 0}, true},
	} {
		call, e := Lookup(c.nr).Gather(c.args, m)
		if e != abi.OK {
			t.Fatal(c.name, e)
		}
		home, err := DecodeCall(call.Append(nil))
		if err != nil {
			t.Fatal(c.name, err)
		}
		if home.Asks() != c.is {
			t.Errorf("%s, at home: a question is %v", c.name, !c.is)
		}
	}
	for nr := range 500 {
		for _, args := range [][6]uint64{{}, {cwd, 1, 1}, {2, 0x5401}} {
			row := Lookup(nr)
			if !IsQuestion(nr, args) {
				continue
			}
			if row, _ = row.Resolve(args); !row.Forwardable() || row.Interrupt != Never && nr != 16 || row.Mask {
				t.Errorf("%s is no mere question", row.Name)
			}
		}
	}
}
