package guest

import "openmosix/internal/linux/ptrace"

// A signal from home is raised here with everything its siginfo says. The
// kernel lets nobody give a process a signal that claims to come from the
// kernel or from kill(2), and it edits the sender where it finds one; but a
// siginfo with si_code SI_SIGIO names no sender and arrives byte for byte. So
// that is what is raised, with the true code in the padding behind si_code and
// a mark in si_errno; when the signal is delivered it is made what it was.
// Because the kernel's own queue holds the truth, signals keep their order, and
// those that do not queue are lost exactly as they are natively.
const (
	siErrno, siCodeAt, siPad = 4, 8, 12
	siSigIO                  = -5
	disguiseMark             = 0x6d6f0000 // the lower half is the true si_errno
	directMark               = 0x00100000 // for one thread alone
	markBits                 = 0xffff0000
)

func disguise(i ptrace.SigInfo, direct bool) ptrace.SigInfo {
	mark := uint32(disguiseMark)
	if direct {
		mark |= directMark
	}
	le.PutUint32(i[siPad:], le.Uint32(i[siCodeAt:]))
	le.PutUint32(i[siErrno:], mark|le.Uint32(i[siErrno:])&^markBits)
	code := int32(siSigIO)
	le.PutUint32(i[siCodeAt:], uint32(code))
	return i
}

// undisguise gives the true siginfo and whether it was for one thread alone.
// ok is false when the signal was not raised for home.
func undisguise(i ptrace.SigInfo) (info ptrace.SigInfo, direct, ok bool) {
	mark := le.Uint32(i[siErrno:]) & markBits
	if siCode(&i) != siSigIO || mark&^directMark != disguiseMark {
		return i, false, false
	}
	le.PutUint32(i[siCodeAt:], le.Uint32(i[siPad:]))
	le.PutUint32(i[siErrno:], le.Uint32(i[siErrno:])&^markBits)
	le.PutUint32(i[siPad:], 0)
	return i, mark&directMark != 0, true
}
