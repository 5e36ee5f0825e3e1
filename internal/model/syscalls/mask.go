package syscalls

// MaskSize is the kernel's sigset_t.
const MaskSize = 8

// WaitMask finds the signal mask a call wants to wait under (ppoll, pselect6,
// epoll_pwait ...): the address of a sigset_t in the caller's memory and its
// size. ok is false when the call has none. It does not travel, because
// signals are delivered by the guest's kernel; the handler waits under it.
func (r *Row) WaitMask(a [6]uint64, m Memory) (addr, size uint64, ok bool) {
	for i, p := range r.Args {
		if a[i] == 0 {
			continue
		}
		switch p.Kind {
		case SigMask:
			return a[i], a[i+1], true
		case SigMask6:
			var b [16]byte
			if m.Read(a[i], b[:]) != nil {
				return a[i], 0, true // reading it faults, as the call must
			}
			addr, size = le.Uint64(b[:]), le.Uint64(b[8:])
			return addr, size, addr != 0
		}
	}
	return 0, 0, false
}
