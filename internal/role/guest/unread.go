package guest

import (
	"openmosix/internal/linux/pagemap"
	"openmosix/internal/model/image"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// A read at home ends in a buffer there. If the program's own takes only some of it, or nothing, the
// kernel would have read no more than that (read(2)), and the descriptor would stand there. So home
// is told beforehand where that ends (syscalls.Call.Takes).

// accepts is how many of n bytes at an address the body's memory takes, as far as this kernel tells.
func (b *body) accepts(at, n uint64) uint64 {
	n = b.Mem.Writable(at, n)
	if n == 0 || !b.guarded.Load() {
		return n
	}
	r := image.Range{Start: at &^ (image.PageSize - 1), End: (at + n + image.PageSize - 1) &^ (image.PageSize - 1)}
	guards, err := pagemap.GuardPages(b.Mem.Pagemap(), r)
	if err != nil || len(guards) == 0 { // of Linux 6.13 and 6.14 they are not told
		return n
	}
	return min(n, max(at, guards[0].Start)-at)
}

// fits stores as much as goes into the program's memory, page by page, and tells how much that was.
func fits(m syscalls.Memory, at uint64, b []byte) (n int64) {
	for len(b) > 0 {
		part := b[:min(uint64(len(b)), image.PageSize-at%image.PageSize)]
		if m.Write(at, part) != nil {
			return n
		}
		n, at, b = n+int64(len(part)), at+uint64(len(part)), b[len(part):]
	}
	return n
}

// putsBack ends a read of which the program's memory has taken less than was read, as this kernel does not tell
// what it takes (before Linux 6.11), or that has changed meanwhile. Of a descriptor that
// stands nowhere in a file, a pipe, the rest is lost. False: it was no such read. Link reader.
func (s *strand) putsBack(p *pending, read int64, outs [][]byte) bool {
	if p.nr != unix.SYS_READ || read <= 0 || len(outs) != 1 || int64(len(outs[0])) != read {
		return false
	}
	took := fits(s.b.memory(), p.args[1], outs[0])
	go func() {
		s.mu.Lock()
		p.serial, p.whole = s.b.g.serial.Add(1), true // else the descriptor would stand behind what nobody got
		s.mu.Unlock()
		c := &syscalls.Call{Nr: unix.SYS_LSEEK, Args: [6]uint64{p.args[0], uint64(took - read), unix.SEEK_CUR}}
		head := make([]byte, wire.CallHead, 64)
		le.PutUint64(head, p.serial)
		_ = s.ask(p, wire.Call, c.Append(head))
		s.asksNoMore(p)
		if took == 0 {
			took = -int64(unix.EFAULT)
		}
		s.finish(p, took)
	}()
	return true
}
