package guest

import (
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// Bounds of an execve: the kernel's own are MAX_ARG_STRLEN and a quarter of
// the stack limit, at most 6 MiB: execve(2).
const (
	maxString  = 128 << 10
	maxStrings = 8 << 20
)

// exec sends the strings home, where the program is replaced natively. When it
// succeeds, home has this body killed.
func (s *strand) exec(p *pending) {
	m, errno := s.execStrings(p)
	if errno != 0 {
		s.b.answer(p.id, -int64(errno))
		return
	}
	if !s.enter(p, true) {
		return
	}
	go func() {
		defer s.b.leave()
		if !s.pendingNow(m) {
			s.collect(p)
			return
		}
		s.b.g.tellCalls() // this body ends without another word
		r := s.ask(p, wire.Exec, wire.Encode(*m))
		s.asksNoMore(p)
		s.finish(p, r.ret)
	}()
}

func (s *strand) execStrings(p *pending) (*wire.ExecMsg, unix.Errno) {
	m := &wire.ExecMsg{Serial: p.serial}
	a := p.args
	if p.nr == unix.SYS_EXECVEAT {
		m.At, m.DirFD, m.Flags = true, int(int32(a[0])), int(int32(a[4]))
		a = [6]uint64{a[1], a[2], a[3]}
	}
	var errno unix.Errno
	if m.Path, errno = s.str(a[0], unix.PathMax); errno != 0 {
		if errno == unix.E2BIG {
			errno = unix.ENAMETOOLONG
		}
		return nil, errno
	}
	total := 0
	if m.Argv, errno = s.vector(a[1], &total); errno != 0 {
		return nil, errno
	}
	if m.Envp, errno = s.vector(a[2], &total); errno != 0 {
		return nil, errno
	}
	st, err := s.b.Family.FS.ThreadStatus(s.b.PID, s.t.TID)
	if err != nil {
		return nil, unix.ESRCH
	}
	m.Ignored, m.Mask = st.SigIgn, st.SigBlk
	return m, 0
}

func (s *strand) str(addr uint64, limit int) ([]byte, unix.Errno) {
	var out []byte
	mem := s.b.memory()
	for len(out) < limit {
		b := make([]byte, min(4096-addr%4096, 4096))
		if mem.Read(addr, b) != nil {
			return nil, unix.EFAULT
		}
		for i, c := range b {
			if c == 0 {
				return append(out, b[:i]...), 0
			}
		}
		out = append(out, b...)
		addr += uint64(len(b))
	}
	return nil, unix.E2BIG
}

func (s *strand) vector(addr uint64, total *int) ([][]byte, unix.Errno) {
	var out [][]byte
	if addr == 0 {
		return nil, 0
	}
	for ; ; addr += 8 {
		var b [8]byte
		if s.b.memory().Read(addr, b[:]) != nil {
			return nil, unix.EFAULT
		}
		at := le.Uint64(b[:])
		if at == 0 {
			return out, 0
		}
		one, errno := s.str(at, maxString)
		if errno != 0 {
			return nil, errno
		}
		if *total += len(one) + 9; *total > maxStrings {
			return nil, unix.E2BIG
		}
		out = append(out, one)
	}
}
