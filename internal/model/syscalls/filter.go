package syscalls

import "openmosix/internal/model/abi"

// Instr is one instruction of classic BPF, laid out as the kernel's struct sock_filter.
type Instr struct {
	Code   uint16
	Jt, Jf uint8
	K      uint32
}

// Instruction codes and verdicts the filter uses.
const (
	bpfLoad = 0x20 // ld [k]: a word of struct seccomp_data
	bpfAnd  = 0x54 // and #k
	bpfJump = 0x05 // ja k
	bpfJeq  = 0x15 // jeq #k
	bpfJge  = 0x35 // jge #k
	bpfRet  = 0x06 // ret #k

	killProcess = 0x80000000
	allow       = 0x7fff0000
	userNotif   = 0x7fc00000
	errnoReturn = 0x00050000

	archX86  = 0xc000003e // AUDIT_ARCH_X86_64
	x32Bit   = 0x40000000
	dataNr   = 0
	dataArch = 4
	dataArgs = 16
)

// hot are the calls programs make most; they are found first, in this order.
var hot = []int{202, 228, 28, 11, 9, 14, 24, 12} // futex clock_gettime madvise munmap mmap rt_sigprocmask sched_yield brk

// Notified are calls a filter notifies of although the table says Here.
type Notified struct {
	Alias bool // the guest's ids are not the kernel's
	Masks bool // home must know which signals the threads block
	Joint bool // it has memory that others of its family, elsewhere, have too
}

// Filter derives the seccomp filter of a guest from the table: what the table
// says is Here is allowed, everything else is notified to the supervisor.
//
// Calls that change mappings are notified too when they might touch the
// 4 GiB of addresses whose upper half is reservedHigh, where the supervisor
// keeps memory of its own: when an address lies there or in the 4 GiB below,
// or a length reaches further than that. Resolve calls them Here; what they
// really touch has to be compared by whoever gets the notification.
//
// With more.Alias the calls that depend on the kernel's own idea of the caller's
// id are notified as well: see aliased; with more.Masks those that change a
// signal mask; with more.Joint those that have to do with memory that is shared.
func Filter(reservedHigh uint32, more Notified) []Instr {
	prog := []Instr{
		{Code: bpfLoad, K: dataArch},
		{Code: bpfJeq, K: archX86, Jt: 1},
		{Code: bpfRet, K: killProcess},
		{Code: bpfLoad, K: dataNr},
		{Code: bpfJge, K: x32Bit, Jf: 1},
		{Code: bpfRet, K: errnoReturn | uint32(abi.ENOSYS)},
	}
	if more.Alias {
		prog = append(prog, aliased()...)
	}
	if more.Joint {
		prog = append(prog, joint(reservedHigh)...)
	}
	for _, nr := range hot {
		block := decide(Lookup(nr), reservedHigh)
		if more.Masks && changesMask(nr) {
			block = ret(userNotif)
		}
		prog = append(prog, Instr{Code: bpfJeq, K: uint32(nr), Jf: uint8(len(block))})
		prog = append(prog, block...)
	}
	return append(prog, search(spans(reservedHigh, more.Masks))...)
}

// aliased notifies what tells a thread its id, and the futex operations in which
// the kernel looks for an id in memory (priority inheritance). The number is in
// the accumulator before and after.
func aliased() []Instr {
	const futex, opArg, command = 202, 1, 0x7f
	var code []Instr
	for _, nr := range []uint32{39, 186, 218} { // getpid gettid set_tid_address
		code = append(code, Instr{Code: bpfJeq, K: nr, Jf: 1}, ret(userNotif)[0])
	}
	block := loadInt(opArg, command)
	for _, op := range []uint32{6, 7, 8, 11, 12, 13} { // (UN|TRY)LOCK_PI, (CMP|WAIT)_REQUEUE_PI, LOCK_PI2
		block = append(block, Instr{Code: bpfJeq, K: op, Jf: 1}, ret(userNotif)[0])
	}
	block = append(block, Instr{Code: bpfLoad, K: dataNr})
	code = append(code, Instr{Code: bpfJeq, K: futex, Jf: uint8(len(block))})
	return append(code, block...)
}

// changesMask tells of rt_sigprocmask, rt_sigreturn and rt_sigsuspend.
func changesMask(nr int) bool { return nr == 14 || nr == 15 || nr == 130 }

// span is a run of numbers from lo on that are decided alike.
type span struct {
	lo   uint32
	code []Instr
}

func spans(reservedHigh uint32, masks bool) []span {
	var all []span
	for nr := 0; nr <= lastNr+1; nr++ {
		code := ret(userNotif)
		if r := Lookup(nr); r != nil && !(masks && changesMask(nr)) {
			code = decide(r, reservedHigh)
		}
		if n := len(all); n > 0 && len(code) == 1 && len(all[n-1].code) == 1 && code[0] == all[n-1].code[0] {
			continue
		}
		all = append(all, span{lo: uint32(nr), code: code})
	}
	return all
}

// search is a binary search for the number in the accumulator.
func search(s []span) []Instr {
	if len(s) == 1 {
		return s[0].code
	}
	mid := len(s) / 2
	left, right := search(s[:mid]), search(s[mid:])
	var code []Instr
	if len(left) <= 255 {
		code = []Instr{{Code: bpfJge, K: s[mid].lo, Jt: uint8(len(left))}}
	} else {
		// Conditional jumps reach 255 instructions; this one goes on from there.
		code = []Instr{{Code: bpfJge, K: s[mid].lo, Jf: 1}, {Code: bpfJump, K: uint32(len(left))}}
	}
	return append(append(code, left...), right...)
}

func ret(verdict uint32) []Instr { return []Instr{{Code: bpfRet, K: verdict}} }

// decide is the code for one row. Every path through it ends in a verdict.
func decide(r *Row, reservedHigh uint32) []Instr {
	if !mayBeHere(r) {
		return ret(userNotif)
	}
	var code []Instr
	if v := r.Variants; v != nil {
		code = loadInt(v.By, v.Mask)
		for i := range v.List {
			// A variant that never is Here needs a test of its own only where its parent may be.
			if !mayBeHere(&v.List[i].Row) && r.Where != Here {
				continue
			}
			block := decide(&v.List[i].Row, reservedHigh)
			code = append(code, Instr{Code: bpfJeq, K: v.List[i].Value, Jf: uint8(len(block))})
			code = append(code, block...)
		}
	}
	if r.Where != Here {
		return append(code, ret(userNotif)...)
	}
	if r.Guarded {
		code = append(code, guard(r.Nr, reservedHigh)...)
	}
	for i := range r.When {
		code = append(code, condition(&r.When[i])...)
	}
	return append(code, ret(allow)...)
}

func mayBeHere(r *Row) bool {
	if r.Where == Here {
		return true
	}
	if r.Variants != nil {
		for i := range r.Variants.List {
			if mayBeHere(&r.Variants.List[i].Row) {
				return true
			}
		}
	}
	return false
}

// loadInt loads an argument as the kernel's int: its lower half.
func loadInt(arg int8, mask uint32) []Instr {
	code := []Instr{{Code: bpfLoad, K: dataArgs + 8*uint32(arg)}}
	if mask != 0 {
		code = append(code, Instr{Code: bpfAnd, K: mask})
	}
	return code
}

func loadUpper(arg int8) Instr { return Instr{Code: bpfLoad, K: dataArgs + 8*uint32(arg) + 4} }

// condition goes on where c holds and notifies otherwise.
func condition(c *Cond) []Instr {
	var code []Instr
	if c.Long {
		code = append(code, loadUpper(c.Arg), Instr{Code: bpfJeq, K: 0, Jt: 1}, ret(userNotif)[0])
	}
	code = append(code, loadInt(c.Arg, c.Mask)...)
	n := len(c.In)
	for i, v := range c.In {
		if c.Not {
			// Any match jumps to the notification, which the last one steps over otherwise.
			j := Instr{Code: bpfJeq, K: v, Jt: uint8(n - 1 - i)}
			if i == n-1 {
				j.Jf = 1
			}
			code = append(code, j)
		} else {
			code = append(code, Instr{Code: bpfJeq, K: v, Jt: uint8(n - i)})
		}
	}
	return append(code, ret(userNotif)...)
}

// guard notifies calls whose range may reach into the reserved addresses.
func guard(nr int, reservedHigh uint32) []Instr {
	addresses, lengths := []int8{0}, []int8{1}
	if nr == 25 { // mremap(old, oldLength, newLength, flags, new)
		addresses, lengths = []int8{0, 4}, []int8{1, 2}
	}
	var code []Instr
	for _, arg := range addresses {
		code = append(code, loadUpper(arg),
			Instr{Code: bpfJeq, K: reservedHigh, Jt: 1},
			Instr{Code: bpfJeq, K: reservedHigh - 1, Jf: 1},
			ret(userNotif)[0])
	}
	for _, arg := range lengths {
		code = append(code, loadUpper(arg), Instr{Code: bpfJeq, K: 0, Jt: 1}, ret(userNotif)[0])
	}
	return code
}
