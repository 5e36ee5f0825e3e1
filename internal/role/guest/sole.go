package guest

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/sole"

	"golang.org/x/sys/unix"
)

// What a process has mapped to be written and shared, and that is its own alone, is memory here,
// shared as it is at home: what is unmapped or dropped is still in it. Home has the file, and
// gets what is in it when the process leaves, or ends.

// soleFile is such memory.
type soleFile struct {
	home     image.FileID
	file     *os.File
	dev, ino uint64 // here
}

// newSole makes the memory for a file of the body's own.
func (b *body) newSole(id *image.FileID) (*source, error) {
	m, err := blankFile(id)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(m.Fd()), &st); err != nil {
		_ = m.Close()
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	k := &soleFile{home: *id, file: m, dev: st.Dev, ino: st.Ino}
	b.soles = append(b.soles, k)
	b.hasOpen(k)
	return &source{file: m, sole: true}, nil
}

// ownSoles is what it has of its own.
func (b *body) ownSoles() []*soleFile {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.soles
}

// storeSole takes what is in one of them.
func (b *body) storeSole(data []byte) error {
	m, err := wire.DecodeSole(data)
	if err != nil {
		return err
	}
	b.mu.Lock()
	b.soleBytes += uint64(len(m.Bytes))
	n := b.soleBytes
	b.mu.Unlock()
	if n > image.MaxSole {
		return fmt.Errorf("there is more in the process's own files than %d MB", image.MaxSole>>20)
	}
	for _, f := range b.ownSoles() {
		if f.home.Dev == m.Dev && f.home.Ino == m.Ino {
			return sole.Store(f.file, f.home.Size, m)
		}
	}
	return fmt.Errorf("contents of file %d came, which the process has not", m.Ino)
}

// homeFiles translates the files that its mappings show into what they are at home.
func (b *body) homeFiles(here []image.FileID) ([]image.FileID, error) {
	var others []image.FileID
	for _, f := range here {
		if !f.Sole {
			others = append(others, f)
		}
	}
	home, err := b.g.homeFiles(others)
	if err != nil {
		return nil, err
	}
	out := make([]image.FileID, len(here))
	for i, f := range here {
		if !f.Sole {
			out[i], home = home[0], home[1:]
			continue
		}
		if k := soleAt(b.ownSoles(), f.Dev, f.Ino); k != nil {
			out[i] = k.home
		} else if j := b.jointAt(f.Dev, f.Ino); j != nil {
			out[i] = j.home
		} else {
			return nil, fmt.Errorf("mapped file %s is not one of home's", f.Path)
		}
	}
	return out, nil
}

func soleAt(all []*soleFile, dev, ino uint64) *soleFile {
	for _, k := range all {
		if k.dev == dev && k.ino == ino {
			return k
		}
	}
	return nil
}

// withSoles adds those that are not mapped any more: they are the process's nevertheless.
func (b *body) withSoles(files []image.FileID) []image.FileID {
	for _, k := range b.ownSoles() {
		known := false
		for i := range files {
			known = known || files[i].Sole && files[i].Dev == k.home.Dev && files[i].Ino == k.home.Ino
		}
		if !known {
			files = append(files, k.home)
		}
	}
	return files
}

// sendSoles sends what is in them. Nobody writes to them meanwhile.
func sendSoles(all []*soleFile, emit func(parts ...[]byte) error) error {
	for _, k := range all {
		if err := sole.Send(k.file, &k.home, true, emit); err != nil {
			return err
		}
	}
	return nil
}

// leaveSoles sends home what the body has left in them: it has ended. Until the result is called
// this supervisor goes on.
func (b *body) leaveSoles() func() {
	b.mu.Lock()
	all, ran := b.soles, b.running
	b.soles = nil
	b.mu.Unlock()
	if len(all) == 0 {
		return func() {}
	}
	g := b.g
	return g.beforeEnd(func() {
		var err error
		if ran {
			err = sendSoles(all, func(parts ...[]byte) error { return g.send(wire.Left, b.Own, parts...) })
		}
		if err = errors.Join(err, g.send(wire.Left, b.Own)); err != nil {
			g.log.Warn("what a process wrote into a file does not go home", "process", b.Own, "error", err)
		}
		g.conn.Flush()
		closeSoles(all)
	})
}

// beforeEnd is what is still to be done when a body has gone: this supervisor goes on until it has been.
func (g *Guest) beforeEnd(last func()) func() {
	g.leaving.RLock()
	return func() {
		defer g.leaving.RUnlock()
		last()
	}
}

// dropSoles: the process is elsewhere, with all that was in them.
func (b *body) dropSoles() {
	b.mu.Lock()
	all := b.soles
	b.soles = nil
	b.mu.Unlock()
	closeSoles(all)
}

func closeSoles(all []*soleFile) {
	for _, k := range all {
		_ = k.file.Close()
	}
}

// msync of a file of its own: what is in it has to be on the disk at home. Memory has none.
func (s *strand) msync(p *pending) {
	if !slices.ContainsFunc(s.b.ownSoles(), func(k *soleFile) bool { return !k.memory() }) {
		s.local(p)
		return
	}
	s.comeHome(p, "what it has written to a mapped file is to be on the disk")
}
