package syscalls

import "testing"

func TestMayForward(t *testing.T) {
	for _, c := range []struct {
		name string
		want bool
	}{
		{"read", true}, {"openat", true}, {"mmap", true}, {"exit_group", true}, {"restart_syscall", true}, {"rt_sigaction", true},
		{"clone", false}, {"fork", false}, {"vfork", false}, {"execve", false}, {"rt_sigreturn", false}, {"munmap", false},
		{"mprotect", false}, {"ptrace", false}, {"process_vm_writev", false}, {"seccomp", false}, {"rt_sigprocmask", false},
	} {
		found := false
		for _, r := range Rows() {
			if r.Name == c.name {
				found = true
				if got := MayForward(r.Nr, [6]uint64{}); got != c.want {
					t.Errorf("%s: %v", c.name, got)
				}
			}
		}
		if !found {
			t.Errorf("%s is not in the table", c.name)
		}
	}
	if MayForward(9999, [6]uint64{}) || MayForward(-1, [6]uint64{}) {
		t.Error("a call that does not exist is forwarded")
	}
}
