package syscalls

import "openmosix/internal/model/abi"

// maxStrings is the most bytes of arguments or environment an exec may have:
// three quarters of the stack limit the kernel assumes at most (8 MiB).
const (
	maxStrings = 6 << 20
	tooBig     = abi.Errno(7) // E2BIG
)

// strings gathers argv or envp: one segment of pointers, one of strings.
func (g *gathering) strings(i int8, v uint64) abi.Errno {
	var ptrs, text []byte
	var ends []uint32
	for at := v; ; at += 8 {
		p := g.read(at, 8)
		if p == nil {
			g.fault(i)
			return abi.OK
		}
		ptrs = append(ptrs, p...)
		addr := le.Uint64(p)
		if addr == 0 {
			break
		}
		s := g.cstring(addr, maxStrings)
		if s == nil {
			g.fault(i)
			return abi.OK
		}
		ends = append(ends, uint32(len(text)))
		text = append(text, s...)
		if len(text)+len(ptrs) > maxStrings {
			return tooBig
		}
	}
	array := g.attach(Segment{Arg: i, In: ptrs, Size: uint32(len(ptrs))})
	all := g.c.add(Segment{Arg: -1, In: text, Size: uint32(len(text))})
	for k, off := range ends {
		g.c.reloc(array, uint32(k)*8, all, off)
	}
	return abi.OK
}

// program gathers a classic BPF program: struct sock_fprog and its
// instructions of 8 bytes each, of which the kernel takes 4096 at most.
func (g *gathering) program(i int8, v uint64) {
	b := g.read(v, 16)
	if b == nil {
		g.fault(i)
		return
	}
	head := g.attach(Segment{Arg: i, In: b, Size: 16})
	text := g.read(le.Uint64(b[8:]), uint64(le.Uint16(b))*8)
	if text == nil {
		le.PutUint64(b[8:], faulty(le.Uint64(b[8:]), 1))
		return
	}
	g.c.reloc(head, 8, g.c.add(Segment{Arg: -1, In: text, Size: uint32(len(text))}), 0)
}
