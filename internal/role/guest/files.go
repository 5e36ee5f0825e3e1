package guest

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// source is where the contents of one mapped file come from.
type source struct {
	file  *os.File // a local file with the same contents, or memory filled from home
	local bool
	sole  bool // a process's own, which it may write

	have    []image.Range // memory: what has come so far, sorted; Guest.mu
	offered bool          // memory: the daemon has been given it; Guest.mu
}

// lacks lists the parts of r, which counts from the file's beginning, that have not come.
func (g *Guest) lacks(s *source, size uint64, r ...image.Range) []image.Range {
	if s.local || s.sole {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	inFile := []image.Range{{End: pageUp(size)}}
	return layout.Subtract(layout.Intersect(layout.Union(r), inFile), s.have)
}

// came notes that a part is there.
func (g *Guest) came(s *source, r image.Range) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s.have = layout.Union(s.have, []image.Range{r})
}

func pageUp(n uint64) uint64 { return (n + image.PageSize - 1) &^ (image.PageSize - 1) }

// sameContents tells whether two of home's files are one, and as it was.
func sameContents(a, b *image.FileID) bool {
	return a.Dev == b.Dev && a.Ino == b.Ino && a.Size == b.Size && a.ModTime == b.ModTime && bytes.Equal(a.Hash, b.Hash)
}

// sourceOf finds or makes the source of a file.
func (g *Guest) sourceOf(f *image.FileID) (*source, error) {
	g.mu.Lock()
	for _, k := range g.files {
		if sameContents(&k.home, f) {
			g.mu.Unlock()
			return k.source, nil
		}
	}
	g.mu.Unlock()
	if twin := g.localTwin(f); twin != nil {
		s := &source{file: twin, local: true}
		err := g.remember(*f, s)
		if err == nil {
			return s, nil
		}
		_ = twin.Close()
		if !errors.Is(err, errTaken) {
			return nil, err
		}
	}
	m, err := blankFile(f)
	if err != nil {
		return nil, err
	}
	s := &source{file: m}
	if err := g.remember(*f, s); err != nil {
		_ = m.Close()
		return nil, err
	}
	return s, nil
}

// maxFile bounds what a peer can make us reserve for one file.
const maxFile = 1 << 46

// blankFile is memory in which a file's mapped parts are put as they come.
func blankFile(f *image.FileID) (*os.File, error) {
	if f.Size > maxFile {
		return nil, fmt.Errorf("file %s has %d bytes", f.Path, f.Size)
	}
	fd, err := unix.MemfdCreate("openmosix-file", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memory for %s: %w", f.Path, err)
	}
	m := os.NewFile(uintptr(fd), f.Path)
	if err := m.Truncate(int64(f.Size)); err != nil {
		_ = m.Close()
		return nil, fmt.Errorf("memory for %s: %w", f.Path, err)
	}
	return m, nil
}

// readOnly opens the same file again without the right to write, so that a
// shared mapping of it can never be made writable.
func readOnly(f *os.File) (*os.File, error) {
	return os.Open(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
}

// sources decides for every file of an image where its contents come from, and
// fills in which of them home must send.
func (g *Guest) sources(img *image.Image, answer *wire.PreparedMsg) (all []*source, err error) {
	for i := range img.Files {
		f := &img.Files[i]
		if f.Sole {
			return all, fmt.Errorf("file %s of the process's own is announced before the process stands still", f.Path)
		}
		s, err := g.sourceOf(f)
		if err != nil {
			return all, err
		}
		all = append(all, s)
		if s.local {
			continue
		}
		answer.Lacking = append(answer.Lacking, uint32(i))
		if g.wholly(f, layout.Bytes(layout.Union(shown(img, uint32(i))))) {
			answer.Whole = append(answer.Whole, uint32(i))
		}
	}
	return all, nil
}

// store puts one File frame into its place.
func (g *Guest) store(all []*source, data []byte) error {
	const head = 12
	if len(data) < head {
		return fmt.Errorf("file contents: frame of %d bytes", len(data))
	}
	i, off := le.Uint32(data), le.Uint64(data[4:])
	if int(i) >= len(all) || all[i].local || all[i].sole || off > maxFile || off%image.PageSize != 0 {
		return fmt.Errorf("file contents for file %d at %#x were not asked for", i, off)
	}
	if _, err := all[i].file.WriteAt(data[head:], int64(off)); err != nil {
		return err
	}
	g.came(all[i], image.Range{Start: off, End: off + pageUp(uint64(len(data)-head))})
	return nil
}

// give passes a source into the process of a parked thread, over the
// socket that every body has, and returns its number there.
func (g *Guest) give(s *strand, f *source) (int, error) {
	if f.sole || f.local { // to be written; or opened to be read: to open what the daemon keeps again takes root
		return g.pass(s, f.file)
	}
	ro, err := readOnly(f.file)
	if err != nil {
		return -1, err
	}
	defer func() { _ = ro.Close() }()
	return g.pass(s, ro)
}

// pass is give of a descriptor as it is.
func (g *Guest) pass(s *strand, f *os.File) (int, error) {
	g.supplyMu.Lock() // all bodies receive at the same socket
	defer g.supplyMu.Unlock()
	if err := unix.Sendmsg(int(g.init.supply.Fd()), []byte{1}, unix.UnixRights(int(f.Fd())), nil, 0); err != nil {
		return -1, fmt.Errorf("pass a descriptor: %w", err)
	}
	return s.t.Receive(supplyFD)
}
