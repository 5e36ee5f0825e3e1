package oracle

import (
	"encoding/binary"
	"math/rand/v2"
	"path/filepath"

	"openmosix/internal/model/syscalls"
)

var le = binary.LittleEndian

// generator makes arguments of the kinds a row has, and the memory they point into.
type generator struct {
	*rand.Rand
	w      *world
	memory []byte
	next   int
	// favourite is the descriptor this trial uses most.
	favourite uint64
}

// numbers are values that mean something to some call.
var numbers = []uint64{0, 0, 1, 1, 2, 3, 4, 5, 6, 8, 10, 16, 24, 32, 64, 100, 0x400, 0x800, 0x1000, 0x4000, ^uint64(0), ^uint64(99), 0x7fffffff, 0x80000000}

var counts = []uint64{0, 1, 2, 3, 4, 5, 8, 12, 13, 16, 24, 28, 36, 64, 100, 128, 144, 256, 500, 1000, 4096, 8192, ^uint64(0), 0xffffffff80000000}

// waits gives timeouts that end: which argument, and whether it is a count of milliseconds.
var waits = map[int]struct {
	arg    int
	millis bool
}{7: {2, true}, 23: {4, false}, 232: {3, true}, 281: {3, true}, 270: {4, false}, 271: {2, false}, 441: {3, false}, 299: {4, false}}

func (g *generator) addr(off int) uint64 { return uint64(g.w.arena) + uint64(off) }

// alloc takes n bytes of the arena, unaligned now and then.
func (g *generator) alloc(n int) int {
	off := (g.next + 15) &^ 15
	if g.IntN(4) == 0 {
		off += g.IntN(8)
	}
	g.next = off + n + 16
	if g.next > len(g.memory) {
		g.next = 0
		off = 0
	}
	return off
}

func (g *generator) call(r *syscalls.Row, by [][2]uint64) [6]uint64 {
	g.memory = make([]byte, arenaSize)
	g.next = 64
	full := g.IntN(3) != 0 // flags and reserved fields are accepted only when clear
	for i := 0; full && i < len(g.memory); i += 8 {
		le.PutUint64(g.memory[i:], g.Uint64()&g.Uint64()&g.Uint64())
	}
	var a [6]uint64
	for i, p := range r.Args {
		if p.Kind == syscalls.Num && g.IntN(2) == 0 {
			a[i] = numbers[g.IntN(len(numbers))]
		}
	}
	for _, p := range r.Args {
		if p.Len >= 0 && p.Kind != syscalls.OutBy && p.Kind != syscalls.InOutBy {
			a[p.Len] = counts[g.IntN(len(counts))]
			if p.Kind != syscalls.In && p.Kind != syscalls.Out && p.Kind != syscalls.InOut {
				a[p.Len] = uint64(g.IntN(5))
			}
		}
	}
	for i, p := range r.Args {
		if v, ok := g.argument(i, p, a); ok {
			a[i] = v
		}
	}
	for _, x := range by {
		a[x[0]] = x[1]
	}
	g.override(r, &a)
	return a
}

// override keeps calls from sleeping for ever or filling the disk.
func (g *generator) override(r *syscalls.Row, a *[6]uint64) {
	if t, ok := waits[r.Nr]; ok {
		if t.millis {
			a[t.arg] = uint64(g.IntN(2))
		} else if a[t.arg] == 0 {
			a[t.arg] = g.timespec()
		}
	}
	switch r.Nr {
	case 44, 45: // a part that can be read goes out natively, see docs/syscalls.md
		a[2] &= 8191
	case 23: // select counts microseconds, and takes more than a million of them
		if off := a[4] - uint64(g.w.arena); off < arenaSize-16 {
			le.PutUint64(g.memory[off+8:], uint64(g.IntN(3)*400))
		}
	case 61: // wait4
		a[2] |= 1
	case 247:
		a[3] |= 1
	case 73:
		a[1] |= 4 // LOCK_NB
	case 285: // fallocate
		a[2], a[3] = a[2]&0xffff, a[3]&0xffff
	case 32, 33, 292: // dup onto numbers of the world only
		a[1] = uint64(firstFd + g.IntN(10))
	case 72: // F_DUPFD beyond the world, no signals
		if a[1] == 0 || a[1] == 1030 {
			a[2] = lastFd + 1
		}
		if a[1] == 8 || a[1] == 10 || a[1] == 15 || a[1] == 1026 || a[1] == 1024 {
			a[1] = 3
		}
		if a[1] == 4 {
			a[2] = 0x800
		}
	case 139: // sysfs
		a[0] = 3
	}
}

// timespec is a time that is over soon, or none at all.
func (g *generator) timespec() uint64 {
	off := g.alloc(16)
	le.PutUint64(g.memory[off:], 0)
	le.PutUint64(g.memory[off+8:], []uint64{0, 1, 500000, 2000000000}[g.IntN(4)])
	return g.addr(off)
}

func (g *generator) argument(i int, p syscalls.Arg, a [6]uint64) (uint64, bool) {
	switch p.Kind {
	case syscalls.Num:
		return 0, false
	case syscalls.Null, syscalls.SigMask, syscalls.SigMask6: // the guest's business
		return 0, true
	case syscalls.Fd:
		if g.IntN(10) == 0 {
			return []uint64{^uint64(0), ^uint64(99), 199}[g.IntN(3)], true
		}
		if g.IntN(2) == 0 {
			return g.favourite, true
		}
		return uint64(firstFd + g.IntN(lastFd-firstFd)), true
	}
	switch g.IntN(24) {
	case 0:
		return 0, true
	case 1:
		return uint64(g.w.arena) + arenaSize, true // the page after: inaccessible as a whole
	case 2:
		return 0xffff888000000000, true
	}
	n := int(p.Size)
	if p.Len >= 0 {
		n = int(p.Size)*int(min(a[p.Len], 8192)) + int(p.Plus)
	}
	switch p.Kind {
	case syscalls.Str:
		return g.text(p), true
	case syscalls.In, syscalls.InOut, syscalls.Out:
		if p.Len < 0 && p.Size == 16 {
			return g.timespec(), true
		}
		off := g.alloc(n)
		if p.Len < 0 && p.Size == 4 {
			le.PutUint32(g.memory[off:], uint32(g.IntN(200)))
		}
		if p.Len == 1 && p.Size == 8 { // pollfds
			for k := off; k+8 <= off+n && k+8 <= len(g.memory); k += 8 {
				le.PutUint32(g.memory[k:], uint32(firstFd+g.IntN(24)))
				le.PutUint16(g.memory[k+4:], uint16(g.IntN(64)))
			}
		}
		return g.addr(off), true
	case syscalls.FdSet:
		off := g.alloc(16 << 10)
		clear(g.memory[off : off+16<<10])
		g.memory[off+25+g.IntN(2)] = byte(g.IntN(256))
		return g.addr(off), true
	case syscalls.IovIn, syscalls.IovOut:
		return g.addr(g.iovec(int(a[p.Len]))), true
	case syscalls.MsgIn, syscalls.MsgOut:
		return g.addr(g.messages(1, 56)), true
	case syscalls.MsgsIn, syscalls.MsgsOut:
		return g.addr(g.messages(int(a[p.Len]), 64)), true
	case syscalls.OutBy, syscalls.InOutBy:
		return g.addr(g.alloc(256)), true
	}
	off := g.alloc(512)
	le.PutUint32(g.memory[off:], []uint32{0, 24, 48, 56, 64}[g.IntN(5)])
	return g.addr(off), true
}

func (g *generator) text(p syscalls.Arg) uint64 {
	s := []string{"file", "file", "dir", "link", "nowhere", "new", "", ".", "file/x"}[g.IntN(9)]
	if p.Limit == 256 { // names of attributes
		s = []string{"user.colour", "user.colour", "user.new", "trusted.x", "", "x"}[g.IntN(6)]
	}
	if p.Limit == 4096 && g.IntN(8) != 0 {
		s = filepath.Join(g.w.dir, s)
	}
	b := append([]byte(s), 0)
	if g.IntN(30) == 0 {
		b = make([]byte, p.Limit%5000+10)
		for i := range b {
			b[i] = 'x'
		}
		b = append(b, 0)
	}
	off := g.alloc(len(b))
	copy(g.memory[off:], b)
	return g.addr(off)
}

func (g *generator) iovec(n int) int {
	off := g.alloc(16*n + 16)
	for k := range n {
		size := []int{0, 1, 3, 8, 40, 100}[g.IntN(6)]
		le.PutUint64(g.memory[off+16*k:], g.addr(g.alloc(size)))
		le.PutUint64(g.memory[off+16*k+8:], uint64(size))
		if g.IntN(60) == 0 {
			le.PutUint64(g.memory[off+16*k+8:], ^uint64(0))
		}
	}
	return off
}

func (g *generator) messages(n, size int) int {
	off := g.alloc(size*n + 64)
	clear(g.memory[off : off+size*n])
	for k := range n {
		h := g.memory[off+size*k:]
		if g.IntN(2) == 0 {
			le.PutUint64(h, g.addr(g.alloc(128)))
			le.PutUint32(h[8:], []uint32{0, 2, 16, 110, 128, 200, 0xffffffff}[g.IntN(7)])
		}
		m := g.IntN(4)
		le.PutUint64(h[16:], g.addr(g.iovec(m)))
		le.PutUint64(h[24:], uint64(m))
		if g.IntN(2) == 0 {
			c := g.alloc(64)
			le.PutUint64(h[32:], g.addr(c))
			le.PutUint64(h[40:], []uint64{0, 10, 20, 64}[g.IntN(4)])
		}
	}
	return off
}
