package syscalls

import (
	"encoding/binary"

	"openmosix/internal/model/abi"
)

var le = binary.LittleEndian

// Gather copies in: it reads from the caller's memory everything the call
// needs at home. Unreadable memory is no error here but travels as such;
// the errnos returned are those that only this side can find.
func (r *Row) Gather(a [6]uint64, m Memory) (*Call, abi.Errno) {
	c := new(Call)
	return c, r.GatherInto(c, a, m)
}

// GatherInto is Gather into a Call that is used again and again.
func (r *Row) GatherInto(c *Call, a [6]uint64, m Memory) abi.Errno {
	c.Reset()
	row, _ := r.Resolve(a)
	if !row.Forwardable() {
		return abi.ENOSYS
	}
	g := gathering{c: c, m: m, row: row, a: a}
	c.Nr = row.Nr
	for i := range row.Args {
		if e := g.argument(int8(i), &row.Args[i]); e != abi.OK {
			return e
		}
	}
	// Buffers whose length lies in memory come last: the length has its segment by now.
	for i := range row.Args {
		if k := row.Args[i].Kind; k == OutBy || k == InOutBy {
			g.counted(int8(i), &row.Args[i])
		}
	}
	return abi.OK
}

// gathering is the state of one Gather.
type gathering struct {
	c     *Call
	m     Memory
	row   *Row
	a     [6]uint64
	segOf [6]uint16 // segment of an argument, +1
}

func (g *gathering) argument(i int8, p *Arg) abi.Errno {
	v := g.a[i]
	switch p.Kind {
	case Num, Fd:
		// An earlier argument's Clamp may have lowered it already.
		if p.Kind == Fd || g.c.Args[i] == 0 {
			g.c.Args[i] = v
		}
		return abi.OK
	case Null, SigMask, SigMask6:
		return abi.OK
	}
	if v == 0 {
		return abi.OK
	}
	switch p.Kind {
	case Str:
		g.str(i, v, p)
	case In, Out, InOut:
		g.buffer(i, v, p)
	case PageIn:
		g.page(i, v, p)
	case FdSet:
		g.fdset(i, v)
	case Sized:
		g.sized(i, v, p, 0, 48)
	case Handle:
		g.sized(i, v, p, 8, 8)
	case IovIn, IovOut:
		g.iovec(i, v, p)
	case MsgIn, MsgOut:
		g.message(i, v, p.Kind == MsgOut)
	case MsgsIn, MsgsOut:
		g.messages(i, v, p)
	case Prog:
		g.program(i, v)
	case StrArray:
		return g.strings(i, v)
	}
	return abi.OK
}

// attach makes a segment the value of argument i.
func (g *gathering) attach(s Segment) uint16 {
	n := g.c.add(s)
	g.segOf[s.Arg] = n + 1
	return n
}

// fault gives argument i an address that faults as its own would.
func (g *gathering) fault(i int8) { g.c.Args[i] = faulty(g.a[i], 1) }

// faulty is an address that faults as the range of n bytes at addr would.
func faulty(addr, n uint64) uint64 {
	if userRange(addr, n) {
		return Unmapped
	}
	return Poison
}

// read copies n bytes in; nil when they cannot be read.
func (g *gathering) read(addr uint64, n uint64) []byte {
	if !userRange(addr, n) {
		return nil
	}
	b := g.c.take(int(n))
	if n > 0 && g.m.Read(addr, b) != nil {
		return nil
	}
	return b
}

// userRange is the kernel's access_ok.
func userRange(addr, n uint64) bool {
	return n <= abi.UserEnd && addr <= abi.UserEnd-n
}

// size computes how many bytes an argument spans. ok is false when the count
// is one the kernel will refuse (or the range one it will fault on) before
// it touches memory; the count then travels as it is and the address as Poison.
func (g *gathering) size(v uint64, p *Arg) (n uint64, ok bool) {
	if p.Len < 0 {
		return uint64(p.Size), userRange(v, uint64(p.Size))
	}
	count := g.a[p.Len]
	if p.Int {
		count = uint64(int64(int32(count)))
	}
	if (p.Int || p.Long || !p.Clamp) && int64(count) < 0 {
		return 0, false
	}
	limit := uint64(p.Limit)
	if limit == 0 {
		limit = MaxBuffer
		// The kernel checks the whole range before it shortens the transfer.
		if !userRange(v, count) {
			return 0, false
		}
	}
	size := uint64(p.Size)
	if count > limit/size {
		if !p.Clamp {
			return 0, false
		}
		count = limit / size
		g.c.Args[p.Len] = count
	}
	n = count*size + uint64(p.Plus)
	return n, userRange(v, n)
}

func (g *gathering) buffer(i int8, v uint64, p *Arg) {
	n, ok := g.size(v, p)
	if !ok {
		g.c.Args[i] = Poison
		return
	}
	s := Segment{Arg: i, Size: uint32(n), Out: p.Kind != In, addr: v}
	if s.Out {
		s.Back, s.Scale, s.Min = p.Back, p.Scale, int32(p.Min)
	}
	switch {
	case p.Kind == In && p.Clamp:
		s.In = g.start(v, n)
		if len(s.In) == 0 && n > 0 {
			g.fault(i)
			return
		}
		s.ends(n)
	case p.Kind != Out:
		if s.In = g.read(v, n); s.In == nil {
			g.fault(i)
			return
		}
	}
	g.attach(s)
}

// str copies a string in, page by page, because what follows its end may not
// be readable. A string without an end within the limit travels cut off at the
// limit: the kernel at home finds that it is too long.
func (g *gathering) str(i int8, v uint64, p *Arg) {
	b := g.cstring(v, p.Limit)
	if b == nil {
		g.fault(i)
		return
	}
	g.attach(Segment{Arg: i, In: b, Size: uint32(len(b))})
}

func (g *gathering) cstring(v uint64, limit uint32) []byte {
	var b []byte
	for uint32(len(b)) < limit {
		at := v + uint64(len(b))
		n := min(abi.PageSize-at&(abi.PageSize-1), uint64(limit)-uint64(len(b)), 256)
		part := g.read(at, n)
		if part == nil {
			return nil
		}
		end := terminator(part)
		if b == nil {
			b = part[:end:end]
		} else {
			b = append(b, part[:end]...)
		}
		if end > 0 && part[end-1] == 0 {
			return b
		}
	}
	return b
}

// terminator is the length of the string in b with its NUL, or of b without one.
func terminator(b []byte) int {
	for k, x := range b {
		if x == 0 {
			return k + 1
		}
	}
	return len(b)
}

// page copies in what is readable of the next page's worth of bytes: the
// kernel's rule for mount data, which need not be a string.
func (g *gathering) page(i int8, v uint64, p *Arg) {
	first := min(abi.PageSize-v&(abi.PageSize-1), uint64(p.Size))
	b := g.read(v, uint64(p.Size))
	if b == nil {
		b = g.read(v, first)
	}
	if b == nil {
		g.fault(i)
		return
	}
	g.attach(Segment{Arg: i, In: b, Size: p.Size})
}

// maxFds bounds a select: the kernel lowers the number of bits to the size of
// the descriptor table, which by default cannot exceed this.
const maxFds = 1 << 20

func (g *gathering) fdset(i int8, v uint64) {
	bits := int64(int32(g.a[0]))
	if bits < 0 {
		g.fault(i)
		return
	}
	if bits > maxFds {
		bits = maxFds
		g.c.Args[0] = maxFds
	}
	n := uint64(bits+63) / 64 * 8
	b := g.read(v, n)
	for b == nil && n > 128 {
		// The caller's set may be as small as its descriptor table; the kernel
		// would read only that much of it.
		n = (n/2 + 7) &^ 7
		b = g.read(v, n)
	}
	if b == nil {
		g.fault(i)
		return
	}
	full := uint32(bits+63) / 64 * 8
	s := Segment{Arg: i, In: b, Size: full, Out: true, Back: BackWhole, addr: v}
	if uint64(full) > n {
		s.dest = g.c.piece(Piece{Addr: v, Len: uint32(n)})
	}
	g.attach(s)
}

// sized copies in a structure that names its own size in its first word;
// size 0 means the smallest the kernel knows.
func (g *gathering) sized(i int8, v uint64, p *Arg, plus, least uint32) {
	head := g.read(v, 4)
	if head == nil {
		g.fault(i)
		return
	}
	n := max(min(le.Uint32(head), p.Limit)+plus, least)
	b := g.read(v, uint64(n))
	if b == nil {
		g.fault(i)
		return
	}
	g.attach(Segment{Arg: i, In: b, Size: n, Out: p.Back != BackNone, Back: p.Back, addr: v})
}

// counted handles OutBy and InOutBy.
func (g *gathering) counted(i int8, p *Arg) {
	v := g.a[i]
	if v == 0 {
		return
	}
	k := g.segOf[p.Len]
	if k == 0 || len(g.c.Segs[k-1].In) < 4 {
		g.fault(i)
		return
	}
	length := g.c.Segs[k-1].In
	n := int32(le.Uint32(length))
	if n < 0 {
		g.fault(i)
		return
	}
	if uint32(n) > p.Limit {
		n = int32(p.Limit)
		le.PutUint32(length, p.Limit)
	}
	s := Segment{Arg: i, Size: uint32(n), Out: true, Back: BackField, From: k - 1, addr: v}
	if p.Kind == InOutBy {
		if s.In = g.read(v, uint64(n)); s.In == nil {
			g.fault(i)
			return
		}
	} else if !userRange(v, uint64(n)) {
		g.fault(i)
		return
	}
	g.attach(s)
}

func (c *Call) piece(p ...Piece) []Piece {
	k := len(c.pieces)
	c.pieces = append(c.pieces, p...)
	return c.pieces[k:len(c.pieces):len(c.pieces)]
}
