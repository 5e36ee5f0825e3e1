package deputy

import (
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/model/supervisor"
)

// mustStay tells why stopped threads can go on only here.
func (f *frozen) mustStay() (err error) {
	for i := range f.saved {
		if sleepsOnCPUTime(&f.saved[i].Regs) {
			return fail(supervisor.CannotMove, "a thread sleeps until CPU time has been used, which only the kernel here counts")
		}
	}
	f.h.Do(func() {
		for _, t := range f.threads {
			if ptrace.Dispatches(t.TID) {
				err = fail(supervisor.CannotMove, "it has its own system calls given to itself (prctl(2), PR_SET_SYSCALL_USER_DISPATCH)")
			}
		}
	})
	return err
}
