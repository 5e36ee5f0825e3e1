package daemon

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/filecache"

	"golang.org/x/sys/unix"
)

// maxCame bounds the files that wait to be kept, and are memory meanwhile; those beyond
// it will be sent again.
const maxCame = 8

// shelf is where files of other nodes are: a filecache.Cache, or noShelf.
type shelf interface {
	// Largest is the size of the largest file that is kept; 0: none is.
	Largest() uint64
	Counts() filecache.Counts
	// Find opens a file that has been kept for this home; filecache.ErrAbsent: there is none.
	Find(home int, hash []byte, size uint64) (*os.File, error)
	Keep(home int, hash []byte, size uint64, from io.ReaderAt) error
}

// noShelf is that of a node that keeps nothing.
type noShelf struct{}

func (noShelf) Largest() uint64          { return 0 }
func (noShelf) Counts() filecache.Counts { return filecache.Counts{} }

func (noShelf) Find(int, []byte, uint64) (*os.File, error) { return nil, filecache.ErrAbsent }

func (noShelf) Keep(int, []byte, uint64, io.ReaderAt) error {
	return errors.New("this node keeps no files")
}

// keeper takes in the files that guest supervisors have got from their homes, one at
// a time and while nobody waits for it.
type keeper struct {
	shelf
	queue chan came
}

// came is a file that has come for a guest.
type came struct {
	child *child
	home  int
	twin  supervisor.Twin
	file  *os.File
}

func newKeeper(s shelf) *keeper { return &keeper{shelf: s, queue: make(chan came, maxCame)} }

// openShelf opens the directory of the configuration, which may say that nothing is
// kept; an error tells why nothing is although something should be.
func (d *Daemon) openShelf() (shelf, error) {
	g := d.config.Guests
	if g.Cache == 0 {
		return noShelf{}, nil
	}
	dir := g.CacheDir
	if dir == "" {
		dir = filepath.Join(d.config.StateDir, "files")
	}
	cache, err := filecache.Open(dir, g.Cache<<20)
	if err != nil {
		return noShelf{}, err
	}
	return cache, nil
}

// take acts on a file that has come, of which the caller keeps nothing then.
func (k *keeper) take(c *child, home int, e supervisor.Event, files []*os.File) bool {
	if e.Kind != supervisor.Came || e.Twin == nil || e.Twin.Size > k.Largest() || len(files) != 1 || !isMemory(files[0]) {
		return false
	}
	select {
	case k.queue <- came{c, home, *e.Twin, files[0]}:
		return true
	default:
		return false
	}
}

// isMemory tells whether a file is memory: reading anything else could wait for
// whoever has sent it. Only memory has seals (fcntl(2)).
func isMemory(f *os.File) bool {
	_, err := unix.FcntlInt(f.Fd(), unix.F_GET_SEALS, 0)
	return err == nil
}

// run keeps files until done is closed.
func (k *keeper) run(done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case f := <-k.queue:
			if err := k.keep(f); err != nil {
				f.child.log.Debug("a file is not kept", "path", f.twin.Path, "why", err)
			}
			_ = f.file.Close()
		}
	}
}

func (k *keeper) keep(f came) error {
	info, err := f.file.Stat()
	if err != nil {
		return err
	}
	if uint64(info.Size()) != f.twin.Size {
		return fmt.Errorf("it has %d bytes, not %d", info.Size(), f.twin.Size)
	}
	return k.Keep(f.home, f.twin.Hash, f.twin.Size, f.file)
}
