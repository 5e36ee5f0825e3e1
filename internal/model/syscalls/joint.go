package syscalls

// What a process does with memory that others of its family, elsewhere, have mapped too.

const (
	futexNr = 202

	futexWait, futexWake, futexWaitBitset, futexWakeBitset = 0, 1, 9, 10
	futexPrivate, futexClock                               = 0x80, 0x100
)

// The futex operations on such memory that are made at home, where all who wait are found: there
// its address means the same memory. Their first argument goes as it is.
var (
	jointWait = Row{Nr: futexNr, Name: "futex", Where: Home, Args: args{num, num, num, in(16), num, num}, Interrupt: RestartBlock}
	jointWake = Row{Nr: futexNr, Name: "futex", Where: Home, Args: args{num, num, num, num, num, num}}
)

// PrivateFutex tells whether a futex operation is on memory that its process says it does not share.
func PrivateFutex(args [6]uint64) bool { return args[1]&futexPrivate != 0 }

// JointFutex is how a futex operation on such memory is made at home; nil: it is not. A wait for a
// relative time is none: broken off by a move it would begin anew.
func JointFutex(args [6]uint64) *Row {
	switch uint32(args[1]) &^ (futexPrivate | futexClock) {
	case futexWait:
		if args[3] == 0 {
			return &jointWait
		}
	case futexWaitBitset:
		return &jointWait
	case futexWake, futexWakeBitset:
		return &jointWake
	}
	return nil
}

// joint notifies the futex operations on memory that may be shared, and what changes or drops
// mappings of it. The number is in the accumulator before and after. What the supervisor has in the process is not
// such memory: the code there wakes it after each call, also after the one by which the filter comes, when nobody takes
// what is notified yet.
func joint(reservedHigh uint32) []Instr {
	const opArg = 1
	var code []Instr
	for _, nr := range []uint32{25, 28, 449, 454, 455, 456} { // mremap madvise futex_(waitv|wake|wait|requeue)
		code = append(code, Instr{Code: bpfJeq, K: nr, Jf: 1}, ret(userNotif)[0])
	}
	block := loadInt(opArg, futexPrivate)
	block = append(block, Instr{Code: bpfJeq, K: 0, Jf: 3}, loadUpper(0), Instr{Code: bpfJeq, K: reservedHigh, Jt: 1}, ret(userNotif)[0],
		Instr{Code: bpfLoad, K: dataNr})
	code = append(code, Instr{Code: bpfJeq, K: futexNr, Jf: uint8(len(block))})
	return append(code, block...)
}
