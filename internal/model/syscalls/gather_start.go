package syscalls

import "openmosix/internal/model/abi"

// What is written from memory of which only the beginning can be read is for the kernel at
// home to take as it would have been taken there: a file takes that beginning, a pipe whole
// pages of it, most sockets nothing. So the beginning travels, and is followed by a hole.

// start copies in what can be read of n bytes, up to the first that cannot.
// Precondition: the range is in user space.
func (g *gathering) start(addr, n uint64) []byte {
	b := g.c.take(int(n))
	return b[:g.readable(addr, b)]
}

// readable reads into b what can be read, and tells how much that was.
func (g *gathering) readable(addr uint64, b []byte) (n uint64) {
	if len(b) == 0 || g.m.Read(addr, b) == nil {
		return uint64(len(b))
	}
	for len(b) > 0 {
		part := b[:min(uint64(len(b)), abi.PageSize-addr%abi.PageSize)]
		if g.m.Read(addr, part) != nil {
			break
		}
		n, addr, b = n+uint64(len(part)), addr+uint64(len(part)), b[len(part):]
	}
	return n
}

// ends has a segment of n bytes end with a hole, if less than that could be read. One page of
// it will do: the kernel goes no further than the first byte that faults.
func (s *Segment) ends(n uint64) {
	if fits := uint32(len(s.In)); uint64(fits) < n {
		s.Cut, s.Fits, s.Size = true, fits, fits+abi.PageSize
	}
}
