package syscalls

import "testing"

func TestSupervisorFilter(t *testing.T) {
	for _, name := range supervisorCalls {
		if byName(name) == nil {
			t.Errorf("no system call %q in the table", name)
		}
	}
	prog := SupervisorFilter()
	const denied = errnoReturn | 1
	for _, c := range []struct {
		what    string
		arch    uint32
		nr      uint32
		args    [6]uint64
		verdict uint32
	}{
		{"foreign architecture", 0x40000003, 1, [6]uint64{}, killProcess},
		{"read", archX86, 0, [6]uint64{}, allow},
		{"ptrace", archX86, 101, [6]uint64{}, allow},
		{"fstatfs, by which slots are looked at", archX86, 138, [6]uint64{}, allow},
		{"a thread", archX86, 56, [6]uint64{0x50f00}, allow},
		{"a process", archX86, 56, [6]uint64{17}, denied},
		{"fork", archX86, 57, [6]uint64{}, denied},
		{"clone3", archX86, 435, [6]uint64{}, errnoReturn | 38},
		{"execve", archX86, 59, [6]uint64{}, denied},
		{"socket", archX86, 41, [6]uint64{}, denied},
		{"connect", archX86, 42, [6]uint64{}, denied},
		{"mount", archX86, 165, [6]uint64{}, denied},
		{"setns", archX86, 308, [6]uint64{}, denied},
		{"io_uring_setup", archX86, 425, [6]uint64{}, denied},
		{"x32 read", archX86, x32Bit, [6]uint64{}, denied},
		{"unknown", archX86, 4000, [6]uint64{}, denied},
	} {
		if got, _ := run(t, prog, c.arch, c.nr, c.args); got != c.verdict {
			t.Errorf("%s: %#x, want %#x", c.what, got, c.verdict)
		}
	}
}
