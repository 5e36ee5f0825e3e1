package syscalls

import "slices"

// deputyCalls are what a supervisor has a process do for it, whatever the
// program: when it leaves, while it is away, and when it comes home.
var deputyCalls = []string{
	// the stub, and the memory
	"memfd_create", "mmap", "munmap", "mprotect", "madvise", "brk", "futex", "close", "openat", "fstat", "prctl", "personality",
	// what a thread has
	"set_tid_address", "set_robust_list", "rseq", "sigaltstack", "rt_sigprocmask", "exit",
	// signals, timers and limits
	"rt_sigaction", "rt_sigtimedwait", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "getitimer", "setitimer", "clock_gettime", "prlimit64", "restart_syscall",
	// what a guest has been answered without asking is made true
	"open", "lseek", "pread64", "write", "fcntl", "dup3",
}

// TimerCalls are what it has a process with timers on CPU time do besides.
func TimerCalls() []string { return []string{"timer_gettime", "timer_settime", "getrandom"} }

// More of what a filter can say.
const (
	verdict   = 0xffff0000 // the part of its word that says what happens
	logged    = 0x7ffc0000
	bpfClass  = 0x07
	bpfSource = 0x08 // set: compared with the other register
	classLoad = 0x00
	classALU  = 0x04
	classJump = 0x05
	classRet  = 0x06
	classMisc = 0x07
	bpfJgt    = 0x25
	bpfJset   = 0x45
)

// Hindered names the calls that a supervisor has a process make, and of those
// besides, that a program's own seccomp filter does not let it make: those that end the
// program, or go to another, with some arguments at least, and those that
// always fail.
func Hindered(filter []Instr, besides ...string) []string {
	var names []string
	for _, name := range slices.Concat(deputyCalls, besides) {
		if !Lets(filter, uint32(byName(name).Nr)) {
			names = append(names, name)
		}
	}
	return names
}

// Lets tells whether a filter lets its program make a call, with some arguments
// at least, and ends it for none.
func Lets(filter []Instr, nr uint32) bool {
	may := false
	for _, word := range outcomes(filter, nr) {
		switch word & verdict {
		case allow, logged:
			may = true
		case errnoReturn:
		default:
			return false
		}
	}
	return may
}

// place is where a filter is, and what it has loaded.
type place struct {
	at    int
	a     uint32
	known bool // else a is 0
}

// outcomes are the words a filter may answer a call of this number with. What it
// looks at besides the number is not known, so each such comparison goes both
// ways. Nothing that it computes is followed: numbers are compared as they are.
func outcomes(filter []Instr, nr uint32) []uint32 {
	var words []uint32
	seen := map[place]bool{}
	for todo := []place{{}}; len(todo) > 0; {
		p := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[p] {
			continue
		}
		seen[p] = true
		if p.at >= len(filter) { // the kernel takes no such filter
			return []uint32{killProcess}
		}
		i := filter[p.at]
		p.at++
		switch i.Code & bpfClass {
		case classRet:
			if i.Code != bpfRet {
				i.K = killProcess // what it has computed
			}
			words = append(words, i.K)
			continue
		case classJump:
			todo = append(todo, p.jump(i)...)
			continue
		case classLoad:
			p.a, p.known = 0, i.Code == bpfLoad && (i.K == dataNr || i.K == dataArch)
			switch {
			case p.known && i.K == dataNr:
				p.a = nr
			case p.known:
				p.a = archX86
			}
		case classALU, classMisc:
			p.a, p.known = 0, false
		}
		todo = append(todo, p)
	}
	return words
}

// jump is where a jump may lead.
func (p place) jump(i Instr) []place {
	yes, no := p, p
	if i.Code == bpfJump {
		yes.at += int(i.K)
		return []place{yes}
	}
	yes.at += int(i.Jt)
	no.at += int(i.Jf)
	if !p.known || i.Code&bpfSource != 0 {
		return []place{yes, no}
	}
	holds := false
	switch i.Code {
	case bpfJeq:
		holds = p.a == i.K
	case bpfJge:
		holds = p.a >= i.K
	case bpfJgt:
		holds = p.a > i.K
	case bpfJset:
		holds = p.a&i.K != 0
	}
	if holds {
		return []place{yes}
	}
	return []place{no}
}
