package syscalls

import (
	"bytes"

	"openmosix/internal/model/abi"
)

// Scatter copies out: it writes what came back into the caller's memory and
// returns the call's final result, EFAULT when the caller's memory refused.
// outs are the pieces of the reply, one for each Out segment; they are not
// trusted: nothing is written beyond what the call offered.
func (c *Call) Scatter(ret int64, outs [][]byte, m Memory) int64 {
	k := 0
	for i := range c.Segs {
		s := &c.Segs[i]
		if !s.Out {
			continue
		}
		var b []byte
		if k < len(outs) {
			b = outs[k]
		}
		k++
		if len(b) > int(s.Size) {
			b = b[:s.Size]
		}
		if len(b) == 0 || s.unchanged(b) || s.store(b, m) {
			continue
		}
		switch {
		case s.Back != BackTime:
			ret = abi.EFAULT.Result()
		case ret == abi.ERESTARTNOHAND.Result():
			// The kernel's rule (poll_select_finish): without the rest of the
			// time stored, a restart would wait too long.
			ret = abi.EINTR.Result()
		}
	}
	return ret
}

// Takes looks how much of what the call takes away from home for good, from a pipe or a
// queue, or makes there, the caller's memory can take: the kernel takes no more away than that,
// and makes nothing that it cannot tell of. writable is how many of n bytes at an address can be written.
func (c *Call) Takes(writable func(addr, n uint64) uint64) {
	for i := range c.Segs {
		s := &c.Segs[i]
		if !s.Out || s.Size == 0 || s.Back != BackCount && s.Back != BackField && !makes(c.Nr) {
			continue
		}
		whole := [1]Piece{{Addr: s.addr, Len: s.Size}}
		pieces := s.dest
		if pieces == nil {
			pieces = whole[:]
		}
		for _, p := range pieces {
			if n := writable(p.Addr, uint64(p.Len)); n < uint64(p.Len) {
				s.Cut, s.Fits = true, p.Off+uint32(n)
				break
			}
		}
	}
}

// makes tells of calls that make what nobody would know of, if it could not be stored: they
// find that out before it is there.
func makes(nr int) bool {
	const socketpair, pipe, pipe2, accept, accept4, timerCreate = 53, 22, 293, 43, 288, 222
	switch nr {
	case socketpair, pipe, pipe2, accept, accept4, timerCreate:
		return true
	}
	return false
}

// unchanged spares writing back what returns whatever the result is, when the
// kernel did not touch it: the caller's memory may be constant, or in use by
// another thread.
func (s *Segment) unchanged(b []byte) bool {
	return (s.Back == BackAlways || s.Back == BackTime) && bytes.Equal(b, s.In)
}

func (s *Segment) store(b []byte, m Memory) bool {
	if s.dest == nil {
		return m.Write(s.addr, b) == nil
	}
	for _, p := range s.dest {
		if int(p.Off) >= len(b) {
			continue
		}
		if m.Write(p.Addr, b[p.Off:min(int(p.Off+p.Len), len(b))]) != nil {
			return false
		}
	}
	return true
}
