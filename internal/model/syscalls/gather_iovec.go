package syscalls

import "openmosix/internal/model/abi"

// iovec gathers an array of pieces. Their bytes travel as one segment; the
// array travels too, because a file without an iterator of its own (an eventfd,
// many drivers) sees each piece as a read or write by itself.
func (g *gathering) iovec(i int8, v uint64, p *Arg) {
	n := g.a[p.Len]
	if n == 0 || n > abi.IovMax {
		// Nothing will be read, or EINVAL: both the kernel's own doing.
		g.fault(i)
		return
	}
	array := g.read(v, n*abi.SizeIovec)
	if array == nil {
		g.fault(i)
		return
	}
	total, one := g.measured(array)
	if one != nil {
		g.attach(Segment{Arg: i, In: one, Size: abi.SizeIovec})
		g.c.Args[p.Len] = 1
		return
	}
	isOut := p.Kind == IovOut
	s := Segment{Arg: -1, Size: uint32(total), Out: isOut}
	if isOut {
		s.Back, s.Scale, s.dest = BackCount, 1, g.spread(array, total)
	} else {
		s.In = g.collect(array, total)
		s.ends(total)
	}
	vec := g.attach(Segment{Arg: i, In: array, Size: uint32(len(array))})
	data := g.c.add(s)
	at := uint64(0)
	for off := 0; off < len(array); off += abi.SizeIovec {
		n := min(le.Uint64(array[off+8:]), total-at)
		le.PutUint64(array[off:], 0)
		le.PutUint64(array[off+8:], n)
		to := uint32(at)
		if s.Cut {
			to = min(to, s.Fits)
		}
		g.c.reloc(vec, uint32(off), data, to)
		at += n
	}
}

// vector gathers the pieces of a message, which no socket tells apart, into
// one segment and fills the 16 bytes of segment vec with the one iovec that
// stands for them. like says how an out segment returns.
func (g *gathering) vector(vec uint16, array []byte, isOut bool, like Segment) {
	into := g.c.Segs[vec].In
	total, one := g.measured(array)
	if one != nil {
		copy(into, one)
		return
	}
	s := like
	s.Size, s.Out = uint32(total), isOut
	if isOut {
		s.dest = g.spread(array, total)
	} else {
		s.Back = BackNone
		s.In = g.collect(array, total)
		s.ends(total)
	}
	copy(into, g.standIn(0, total))
	g.c.reloc(vec, 0, g.c.add(s), 0)
}

// measured is how much the pieces may move; or, when the kernel would refuse
// them, the one iovec that is refused in the same way.
func (g *gathering) measured(array []byte) (total uint64, one []byte) {
	total, state := measure(array)
	switch state {
	case vectorNegative:
		return 0, g.standIn(Poison, ^uint64(0))
	case vectorFault:
		return 0, g.standIn(Poison, 1)
	}
	return min(total, MaxBuffer), nil
}

// standIn makes a single iovec.
func (g *gathering) standIn(base, n uint64) []byte {
	b := g.c.take(abi.SizeIovec)
	le.PutUint64(b, base)
	le.PutUint64(b[8:], n)
	return b
}

type vectorState uint8

const (
	vectorGood     vectorState = iota
	vectorNegative             // a length beyond SSIZE_MAX: EINVAL
	vectorFault                // a piece outside user space: EFAULT
)

// measure adds the lengths up under the kernel's rules of import_iovec.
func measure(array []byte) (total uint64, state vectorState) {
	for ; len(array) >= abi.SizeIovec; array = array[abi.SizeIovec:] {
		base, n := le.Uint64(array), le.Uint64(array[8:])
		if int64(n) < 0 {
			return 0, vectorNegative
		}
		if !userRange(base, n) {
			return 0, vectorFault
		}
		total = min(total+n, abi.MaxTransfer)
	}
	return total, vectorGood
}

// collect copies in what can be read of the pieces, up to the first byte that cannot.
func (g *gathering) collect(array []byte, total uint64) []byte {
	b := g.c.take(int(total))
	for at := uint64(0); at < total; array = array[abi.SizeIovec:] {
		n := min(le.Uint64(array[8:]), total-at)
		if some := g.readable(le.Uint64(array), b[at:at+n]); some < n {
			return b[:at+some]
		}
		at += n
	}
	return b
}

func (g *gathering) spread(array []byte, total uint64) []Piece {
	k := len(g.c.pieces)
	for at := uint64(0); at < total; array = array[abi.SizeIovec:] {
		n := min(le.Uint64(array[8:]), total-at)
		if n > 0 {
			g.c.pieces = append(g.c.pieces, Piece{Addr: le.Uint64(array), Off: uint32(at), Len: uint32(n)})
		}
		at += n
	}
	return g.c.pieces[k:len(g.c.pieces):len(g.c.pieces)]
}
