package syscalls

import "openmosix/internal/model/abi"

// alignment of segments in the window: a cache line, and more than any structure asks for.
const alignment = 64

// Place lays the call's segments into buf, the deputy's window, which the
// deputy sees at address window, and returns the six register values, the
// offset of every segment, and how many bytes of the window the call needs.
// When that is more than max (or than buf holds) nothing is written and ok is false.
// Precondition: the call was decoded by DecodeCall or made by Gather.
func (c *Call) Place(window uint64, buf []byte, max int) (args [6]uint64, offs []int, need int, ok bool) {
	return c.PlaceInto(nil, window, buf, max)
}

// PlaceInto is Place with the offsets appended to offs[:0].
func (c *Call) PlaceInto(offs []int, window uint64, buf []byte, max int) ([6]uint64, []int, int, bool) {
	offs = offs[:0]
	need := 0
	for i := range c.Segs {
		s := &c.Segs[i]
		if s.Cut { // what does not fit has pages of its own
			need = up(need+int(s.Fits), abi.PageSize)
			offs = append(offs, need-int(s.Fits))
			need = up(need+int(s.Size-s.Fits), abi.PageSize)
			continue
		}
		offs = append(offs, need)
		need = up(need+int(s.Size), alignment)
		if s.Size == 0 {
			need += alignment // an address of its own, so that no two segments share one
		}
	}
	args := c.Args
	if need > max || need > len(buf) {
		return args, offs, need, false
	}
	for i := range c.Segs {
		s := &c.Segs[i]
		n := copy(buf[offs[i]:], s.In)
		if !s.Out || n > 0 {
			clear(buf[offs[i]+n : offs[i]+int(s.Size)])
		}
		if s.Arg >= 0 {
			args[s.Arg] = window + uint64(offs[i])
		}
	}
	for _, r := range c.Relocs {
		le.PutUint64(buf[offs[r.Seg]+int(r.Off):], window+uint64(offs[r.To])+uint64(r.ToOff))
	}
	return args, offs, need, true
}

func up(n, to int) int { return (n + to - 1) &^ (to - 1) }

// Hole is a stretch of a window that must fault.
type Hole struct{ Off, Len int }

// Holes are what the caller's memory does not take, by the offsets that Place has given.
// Precondition: the window begins with a page.
func (c *Call) Holes(offs []int) (holes []Hole) {
	for i := range c.Segs {
		if s := &c.Segs[i]; s.Cut && s.Fits < s.Size {
			at := offs[i] + int(s.Fits)
			holes = append(holes, Hole{at, up(int(s.Size-s.Fits), abi.PageSize)})
		}
	}
	return holes
}

// IsCut tells whether there are holes.
func (c *Call) IsCut() bool {
	for i := range c.Segs {
		if c.Segs[i].Cut {
			return true
		}
	}
	return false
}

// Returned gives, for each Out segment in order, the bytes that go back after
// the call ended with ret: slices of buf, as Place laid it out. It appends to outs[:0].
func (c *Call) Returned(ret int64, buf []byte, offs []int, outs [][]byte) [][]byte {
	outs = outs[:0]
	for i := range c.Segs {
		s := &c.Segs[i]
		if !s.Out {
			continue
		}
		n := c.count(s, ret, buf, offs)
		outs = append(outs, buf[offs[i]:offs[i]+n:offs[i]+n])
	}
	return outs
}

func (c *Call) count(s *Segment, ret int64, buf []byte, offs []int) int {
	switch s.Back {
	case BackWhole:
		if ret >= int64(s.Min) {
			return int(s.Size)
		}
	case BackCount:
		if ret > 0 && ret <= abi.MaxTransfer {
			return int(min(uint64(ret)*uint64(s.Scale), uint64(s.Size)))
		}
	case BackField:
		if ret >= int64(s.Min) {
			field := buf[offs[s.From]+int(s.FromOff):]
			if s.Wide {
				return int(min(le.Uint64(field), uint64(s.Size)))
			}
			return int(min(le.Uint32(field), s.Size))
		}
	case BackAlways, BackTime:
		return int(s.Size)
	}
	return 0
}
