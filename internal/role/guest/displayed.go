package guest

import (
	"fmt"
	"os"

	"openmosix/internal/model/names"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/shortcut"

	"golang.org/x/sys/unix"
)

// displayed are the files that bodies can read. Guarded by Guest.mu.
type displayed struct {
	files   *shortcut.Files
	memory  *os.File
	at      map[uint32]*readable // by place
	refused bool                 // a body that could see them is another user's by now, or there is no memory
}

// file is the one of which a slate speaks, nil: it is none. Precondition: Guest.mu is held.
func (h *displayed) file(w *shortcut.Slate) *readable {
	m := h.at[w.Place]
	if w.FD < 0 || !m.readAs(w) {
		return nil
	}
	if seq, _ := h.files.Seq(w.Place); seq != w.Seq {
		return nil
	}
	return m
}

// readAs tells whether a body may have the file open as its slate says. The receiver may be nil.
func (m *readable) readAs(w *shortcut.Slate) bool {
	return m != nil && w.Flags&^uint32(names.ReadFlags) == 0 && w.Offset <= uint64(len(m.Contents))
}

// passes tells home of a file that a body may have open inside itself and that is not what home has
// told any more: it is opened there now. The body runs. If it turns out not to have it, it is closed there. Precondition: Guest.mu is held.
func (b *body) passes(dropped map[uint32]*readable) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := &b.slate
	if !s.lent || s.piece != nil || b.gone {
		return
	}
	w, err := b.readSlate()
	m := dropped[w.Place]
	if err != nil || w.State == shortcut.None || !m.readAs(&w) {
		return
	}
	if t := s.told; t != nil {
		if t.opens == w.Opens {
			return
		}
		s.told = nil
		_ = b.g.post(wire.Behind, b.Own, wire.BehindMsg{FD: t.fd, Close: true}.Append(nil))
	}
	fd, known := b.lowest.Next() // which the slate says, too
	if !known {
		return
	}
	f := m.opened(fd, uint64(w.Flags))
	f.here.Offset = w.Offset
	s.told = &told{opens: w.Opens, fd: fd, offset: w.Offset}
	_ = b.g.post(wire.Opened, b.Own, wire.Encode(*f.here))
}

// conceal takes files back from bodies. Precondition: Guest.mu is held.
func (g *Guest) conceal(files map[uint32]*readable) {
	if len(files) == 0 {
		return
	}
	g.answers.table.Keep(func(_ shortcut.Key, place int32) bool { return place <= 0 || files[uint32(place)] == nil })
	for place, m := range files {
		g.displayed.files.Drop(place)
		delete(g.displayed.at, place)
		m.place = 0
	}
	for _, b := range g.bodies {
		b.passes(files)
	}
}

// strange: a body is not what the others are any more. If it could see files, there are to be none from now on. Precondition: Guest.mu is held.
func (g *Guest) strange(b *body) {
	h := &g.displayed
	b.mu.Lock()
	sees := b.slate.tried
	b.mu.Unlock()
	if !sees || h.refused {
		return
	}
	h.refused = true
	if h.files == nil {
		return
	}
	all := make(map[uint32]*readable, len(h.at))
	for place, m := range h.at {
		all[place] = m
	}
	g.conceal(all)
	h.files.Wipe()
}

// show enters a file that was opened here, so that the next time it is opened inside a body. Precondition:
// Guest.mu and body.mu are held.
func (s *strand) show(m *readable, path []byte) {
	g, b := s.b.g, s.b
	h := &g.displayed
	if b.slate.pieces == nil || h.refused || h.files == nil || len(path) == 0 {
		return
	}
	if m.place == 0 {
		place, ok := h.files.Put(m.Stat, m.Contents)
		if !ok {
			return
		}
		m.place = place
		h.at[place] = m
	}
	g.answers.table.Put(shortcut.Key{Nr: unix.SYS_OPENAT, View: b.viewOf(path), Path: string(path)}, int32(m.place))
}

// readMemory is what a body is to read: the memory with files, and memory for pieces that is its own.
type readMemory struct {
	files, memory *os.File
	pieces        *shortcut.Pieces // in that memory; nil: there is none
}

// readMemory makes the memory with files, when it is first asked for, and new memory for pieces.
func (g *Guest) readMemory() (r readMemory, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := &g.displayed
	if h.files == nil {
		if h.memory, err = memfd("openmosix-files"); err == nil {
			h.files, err = shortcut.NewFiles(int(h.memory.Fd()))
		}
		h.at = map[uint32]*readable{}
	}
	r.files = h.memory
	if err == nil {
		r.memory, err = memfd("openmosix-pieces")
	}
	if err == nil {
		r.pieces, err = shortcut.NewPieces(int(r.memory.Fd()))
	}
	if err != nil {
		h.refused = true
	}
	return r, err
}

// memfd is memory that can be sealed.
func memfd(name string) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, fmt.Errorf("memory %s: %w", name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}
