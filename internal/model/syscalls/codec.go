package syscalls

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"openmosix/internal/model/abi"
)

// Bounds of what a peer may ask for in one call. The largest honest call is a
// recvmmsg of 1024 messages (four segments each) or one MaxBuffer transfer.
const (
	maxSegments = 4*abi.IovMax + 8
	maxRelocs   = 1 << 20 // an exec with that many strings
	MaxCall     = 2*MaxBuffer + 1<<20
)

// errCut is what every truncated message is reported as.
var errCut = errors.New("message ends early")

const (
	segOut = 1 << iota
	segWide
	segBack // the three bits from here on: Back

	segCut      = 1 << 5
	segBackMask = 7
)

// Append appends the call in the form that travels. Where its results go at
// the guest does not travel.
func (c *Call) Append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(c.Nr))
	at := len(b)
	b = append(b, 0)
	for i, v := range c.Args {
		if v != 0 {
			b[at] |= 1 << i
			b = binary.AppendUvarint(b, v)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(c.Segs)))
	for i := range c.Segs {
		b = c.Segs[i].append(b)
	}
	b = binary.AppendUvarint(b, uint64(len(c.Relocs)))
	for _, r := range c.Relocs {
		b = binary.AppendUvarint(b, uint64(r.Seg))
		b = binary.AppendUvarint(b, uint64(r.Off))
		b = binary.AppendUvarint(b, uint64(r.To))
		b = binary.AppendUvarint(b, uint64(r.ToOff))
	}
	return b
}

func (s *Segment) append(b []byte) []byte {
	flags := byte(s.Back) * segBack
	if s.Out {
		flags |= segOut
	}
	if s.Wide {
		flags |= segWide
	}
	if s.Cut {
		flags |= segCut
	}
	b = append(b, byte(s.Arg), flags)
	b = binary.AppendUvarint(b, uint64(s.Size))
	b = binary.AppendUvarint(b, uint64(len(s.In)))
	b = append(b, s.In...)
	if s.Cut {
		b = binary.AppendUvarint(b, uint64(s.Fits))
	}
	switch s.Back {
	case BackCount:
		b = binary.AppendUvarint(b, uint64(s.Scale))
	case BackWhole:
		b = binary.AppendUvarint(b, uint64(s.Min))
	case BackField:
		b = binary.AppendUvarint(b, uint64(s.Min))
		b = binary.AppendUvarint(b, uint64(s.From))
		b = binary.AppendUvarint(b, uint64(s.FromOff))
	}
	return b
}

// DecodeCall reads what Append wrote. The segments' bytes stay in b.
func DecodeCall(b []byte) (*Call, error) {
	c := new(Call)
	return c, c.Decode(b)
}

// Decode is DecodeCall into a call that is used again. Everything in a
// decoded call is within bounds, so that Place and Returned cannot leave the window.
func (c *Call) Decode(b []byte) error {
	c.Reset()
	d := decoder{b: b}
	c.Nr = int(d.upTo(math.MaxInt32))
	set := d.byte()
	for i := range c.Args {
		if set&(1<<i) != 0 {
			c.Args[i] = d.uvarint()
		}
	}
	total := uint64(0)
	for n := d.upTo(maxSegments); n > 0 && d.err == nil; n-- {
		s := d.segment()
		if total += uint64(s.Size); total > MaxCall {
			return errors.New("decode call: its memory exceeds the limit of one call")
		}
		c.Segs = append(c.Segs, s)
	}
	for n := d.upTo(maxRelocs); n > 0 && d.err == nil; n-- {
		c.Relocs = append(c.Relocs, Reloc{Seg: uint16(d.upTo(math.MaxUint16)), Off: uint32(d.upTo(math.MaxUint32)),
			To: uint16(d.upTo(math.MaxUint16)), ToOff: uint32(d.upTo(math.MaxUint32))})
	}
	if d.err != nil {
		return fmt.Errorf("decode call: %w", d.err)
	}
	if len(d.b) != 0 {
		return fmt.Errorf("decode call: %d bytes too many", len(d.b))
	}
	return c.valid()
}

func (d *decoder) segment() Segment {
	s := Segment{Arg: int8(d.byte())}
	flags := d.byte()
	s.Out, s.Wide, s.Cut, s.Back = flags&segOut != 0, flags&segWide != 0, flags&segCut != 0, Back(flags/segBack&segBackMask)
	s.Size = uint32(d.upTo(MaxCall))
	s.In = d.bytes(uint64(s.Size))
	if s.Cut {
		s.Fits = uint32(d.upTo(uint64(s.Size)))
	}
	switch s.Back {
	case BackCount:
		s.Scale = uint32(d.upTo(1 << 16))
	case BackWhole:
		s.Min = int32(d.upTo(math.MaxInt32))
	case BackField:
		s.Min = int32(d.upTo(math.MaxInt32))
		s.From = uint16(d.upTo(math.MaxUint16))
		s.FromOff = uint32(d.upTo(math.MaxUint32))
	}
	return s
}

// valid checks what one part of a call says about another.
func (c *Call) valid() error {
	for i := range c.Segs {
		s := &c.Segs[i]
		if s.Arg < -1 || s.Arg > 5 || s.Back > BackTime {
			return fmt.Errorf("decode call: segment %d is of no known form", i)
		}
		if s.Back == BackField {
			width := uint64(4)
			if s.Wide {
				width = 8
			}
			if int(s.From) >= len(c.Segs) || uint64(s.FromOff)+width > uint64(c.Segs[s.From].Size) {
				return fmt.Errorf("decode call: segment %d takes its length from outside the call", i)
			}
		}
	}
	for i, r := range c.Relocs {
		if int(r.Seg) >= len(c.Segs) || int(r.To) >= len(c.Segs) ||
			uint64(r.Off)+8 > uint64(c.Segs[r.Seg].Size) || r.ToOff > c.Segs[r.To].Size {
			return fmt.Errorf("decode call: relocation %d points outside the call", i)
		}
	}
	return nil
}

// AppendReply appends a result and the pieces that return.
func AppendReply(b []byte, ret int64, outs [][]byte) []byte {
	b = binary.AppendVarint(b, ret)
	b = binary.AppendUvarint(b, uint64(len(outs)))
	for _, o := range outs {
		b = binary.AppendUvarint(b, uint64(len(o)))
		b = append(b, o...)
	}
	return b
}

// DecodeReply reads what AppendReply wrote; the pieces stay in b.
func DecodeReply(b []byte) (ret int64, outs [][]byte, err error) {
	return DecodeReplyInto(nil, b)
}

// DecodeReplyInto is DecodeReply with the pieces appended to outs[:0].
func DecodeReplyInto(outs [][]byte, b []byte) (int64, [][]byte, error) {
	outs = outs[:0]
	d := decoder{b: b}
	ret := d.varint()
	for n := d.upTo(maxSegments); n > 0 && d.err == nil; n-- {
		outs = append(outs, d.bytes(MaxCall))
	}
	if d.err != nil {
		return 0, nil, fmt.Errorf("decode reply: %w", d.err)
	}
	if len(d.b) != 0 {
		return 0, nil, fmt.Errorf("decode reply: %d bytes too many", len(d.b))
	}
	return ret, outs, nil
}
