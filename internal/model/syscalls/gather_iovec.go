package syscalls

import "openmosix/internal/model/abi"

// iovec turns an array of pieces into one piece: at home there is one
// contiguous buffer, and the result is scattered over the caller's pieces.
// The call keeps its number, so that its other arguments and its effect on
// datagrams and offsets stay those of the vector form.
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
	vec := g.attach(Segment{Arg: i, In: g.c.take(abi.SizeIovec), Size: abi.SizeIovec})
	g.vector(vec, array, p.Kind == IovOut, Segment{Arg: -1, Back: BackCount, Scale: 1})
	g.c.Args[p.Len] = 1
}

// vector gathers what an iovec array describes into one segment and fills the
// 16 bytes of segment vec with the one iovec that stands for it. like says how
// an out segment returns.
func (g *gathering) vector(vec uint16, array []byte, isOut bool, like Segment) {
	one := g.c.Segs[vec].In
	clear(one)
	total, state := measure(array)
	if state != vectorGood {
		// One iovec that fails in the same way.
		le.PutUint64(one, Poison)
		le.PutUint64(one[8:], 1)
		if state == vectorNegative {
			le.PutUint64(one[8:], ^uint64(0))
		}
		return
	}
	total = min(total, MaxBuffer)
	le.PutUint64(one[8:], total)
	s := like
	s.Size, s.Out = uint32(total), isOut
	if isOut {
		s.dest = g.spread(array, total)
	} else {
		s.Back = BackNone
		if s.In = g.collect(array, total); s.In == nil {
			le.PutUint64(one, Unmapped)
			return
		}
	}
	g.c.reloc(vec, 0, g.c.add(s), 0)
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

func (g *gathering) collect(array []byte, total uint64) []byte {
	b := g.c.take(int(total))
	for at := uint64(0); at < total; array = array[abi.SizeIovec:] {
		n := min(le.Uint64(array[8:]), total-at)
		if n > 0 && g.m.Read(le.Uint64(array), b[at:at+n]) != nil {
			return nil
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
