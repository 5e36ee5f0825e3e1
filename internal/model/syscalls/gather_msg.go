package syscalls

import "openmosix/internal/model/abi"

// maxControl bounds ancillary data; the kernel refuses (ENOBUFS) or cuts off
// what exceeds net.core.optmem_max, far below this.
const maxControl = 1 << 20

// message gathers one struct msghdr.
func (g *gathering) message(i int8, v uint64, isOut bool) {
	b := g.read(v, abi.SizeMsghdr)
	if b == nil {
		g.fault(i)
		return
	}
	s := Segment{Arg: i, In: b, Size: abi.SizeMsghdr, Out: isOut, addr: v}
	if isOut {
		s.Back = BackWhole
		s.dest = g.c.piece(
			Piece{Addr: v + abi.MsgNamelen, Off: abi.MsgNamelen, Len: 4},
			Piece{Addr: v + abi.MsgControllen, Off: abi.MsgControllen, Len: 12})
	}
	seg := g.attach(s)
	g.header(seg, 0, isOut, Segment{Arg: -1, Back: BackCount, Scale: 1})
}

// messages gathers an array of struct mmsghdr. The kernel stops at the first
// message that fails, and so does the kernel at home: a message that cannot be
// read travels as one that faults.
func (g *gathering) messages(i int8, v uint64, p *Arg) {
	n := min(uint64(uint32(g.a[p.Len])), abi.IovMax) // the kernel's own limit
	g.c.Args[p.Len] = n
	isOut := p.Kind == MsgsOut
	if n == 0 {
		g.fault(i)
		return
	}
	b := g.read(v, n*abi.SizeMmsghdr)
	for b == nil && n > 1 {
		n--
		b = g.read(v, n*abi.SizeMmsghdr)
	}
	if b == nil {
		g.fault(i)
		return
	}
	g.c.Args[p.Len] = n
	k := len(g.c.pieces)
	for j := range n {
		at := v + j*abi.SizeMmsghdr
		off := uint32(j * abi.SizeMmsghdr)
		if isOut {
			g.c.pieces = append(g.c.pieces,
				Piece{Addr: at + abi.MsgNamelen, Off: off + abi.MsgNamelen, Len: 4},
				Piece{Addr: at + abi.MsgControllen, Off: off + abi.MsgControllen, Len: 12})
		}
		g.c.pieces = append(g.c.pieces, Piece{Addr: at + abi.MmsgLen, Off: off + abi.MmsgLen, Len: 4})
	}
	dest := g.c.pieces[k:len(g.c.pieces):len(g.c.pieces)]
	seg := g.attach(Segment{Arg: i, In: b, Size: uint32(len(b)), Out: true, Back: BackCount, Scale: abi.SizeMmsghdr, addr: v, dest: dest})
	for j := range uint32(n) {
		g.header(seg, j*abi.SizeMmsghdr, isOut, Segment{Arg: -1, Back: BackField, Min: int32(j) + 1,
			From: seg, FromOff: j*abi.SizeMmsghdr + abi.MmsgLen})
	}
}

// header gathers what the msghdr at off of segment seg points at. data says
// how received data returns.
func (g *gathering) header(seg uint16, off uint32, isOut bool, data Segment) {
	h := g.c.Segs[seg].In[off : off+abi.SizeMsghdr]
	g.name(seg, off, h, isOut, data.Min)
	g.control(seg, off, h, isOut, data.Min)

	base, n := le.Uint64(h[abi.MsgIov:]), le.Uint64(h[abi.MsgIovlen:])
	le.PutUint64(h[abi.MsgIov:], faulty(base, 1))
	if n == 0 || n > abi.IovMax { // EMSGSIZE, found before the array is read
		return
	}
	array := g.read(base, n*abi.SizeIovec)
	if array == nil {
		return
	}
	le.PutUint64(h[abi.MsgIovlen:], 1)
	vec := g.c.add(Segment{Arg: -1, In: g.c.take(abi.SizeIovec), Size: abi.SizeIovec})
	g.c.reloc(seg, off+abi.MsgIov, vec, 0)
	g.vector(vec, array, isOut, data)
}

func (g *gathering) name(seg uint16, off uint32, h []byte, isOut bool, least int32) {
	addr, n := le.Uint64(h[abi.MsgName:]), int32(le.Uint32(h[abi.MsgNamelen:]))
	if addr == 0 {
		return
	}
	le.PutUint64(h[abi.MsgName:], faulty(addr, 1))
	if n < 0 { // EINVAL
		return
	}
	s := Segment{Arg: -1, Size: uint32(min(n, abi.SizeSockaddr)), addr: addr}
	if isOut {
		// An address is never longer than sockaddr_storage, whatever room there is.
		if !userRange(addr, uint64(s.Size)) {
			return
		}
		s.Out, s.Back, s.Min, s.From, s.FromOff = true, BackField, least, seg, off+abi.MsgNamelen
	} else if s.In = g.read(addr, uint64(s.Size)); s.In == nil {
		return
	}
	g.c.reloc(seg, off+abi.MsgName, g.c.add(s), 0)
}

func (g *gathering) control(seg uint16, off uint32, h []byte, isOut bool, least int32) {
	addr, n := le.Uint64(h[abi.MsgControl:]), le.Uint64(h[abi.MsgControllen:])
	if addr == 0 {
		return
	}
	le.PutUint64(h[abi.MsgControl:], faulty(addr, 1))
	if n == 0 {
		return
	}
	s := Segment{Arg: -1, addr: addr}
	if isOut {
		n = min(n, maxControl)
		le.PutUint64(h[abi.MsgControllen:], n)
		if !userRange(addr, n) {
			return
		}
		s.Out, s.Back, s.Min, s.From, s.FromOff, s.Wide = true, BackField, least, seg, off+abi.MsgControllen, true
	} else {
		if n > maxControl { // ENOBUFS, found before it is read
			return
		}
		if s.In = g.read(addr, n); s.In == nil {
			return
		}
	}
	s.Size = uint32(n)
	g.c.reloc(seg, off+abi.MsgControl, g.c.add(s), 0)
}
