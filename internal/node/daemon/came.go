package daemon

import (
	"fmt"
	"os"
	"path/filepath"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/filecache"

	"golang.org/x/sys/unix"
)

// maxCame bounds the files that wait to be kept, and are memory meanwhile; those beyond
// it will be sent again.
const maxCame = 8

// keeper takes in the files that guest supervisors have got from their homes, one at
// a time and while nobody waits for it.
type keeper struct {
	cache *filecache.Cache // nil: files are not kept
	queue chan came
}

// came is a file that has come for a guest.
type came struct {
	child *child
	home  int
	twin  supervisor.Twin
	file  *os.File
}

// newKeeper uses the directory of the configuration. It keeps nothing where that
// says so; an error tells why it keeps nothing although it should.
func (d *Daemon) newKeeper() (*keeper, error) {
	k := &keeper{queue: make(chan came, maxCame)}
	g := d.config.Guests
	if g.Cache == 0 {
		return k, nil
	}
	dir := g.CacheDir
	if dir == "" {
		dir = filepath.Join(d.config.StateDir, "files")
	}
	var err error
	k.cache, err = filecache.Open(dir, g.Cache<<20)
	return k, err
}

// largest is the size of the largest file that is kept; 0: none is.
func (k *keeper) largest() uint64 {
	if k == nil || k.cache == nil {
		return 0
	}
	return k.cache.Largest()
}

// counts are the cache's figures.
func (k *keeper) counts() filecache.Counts {
	if k == nil || k.cache == nil {
		return filecache.Counts{}
	}
	return k.cache.Counts()
}

// find opens a file that has been kept for this home.
func (k *keeper) find(home int, want *supervisor.Twin) (*os.File, error) {
	if k == nil || k.cache == nil {
		return nil, filecache.ErrAbsent
	}
	return k.cache.Find(home, want.Hash, want.Size)
}

// take acts on a file that has come, of which the caller keeps nothing then.
func (k *keeper) take(c *child, home int, e supervisor.Event, files []*os.File) bool {
	if k == nil || k.cache == nil || e.Kind != supervisor.Came || e.Twin == nil || len(files) != 1 || !isMemory(files[0]) {
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
	return k.cache.Keep(f.home, f.twin.Hash, f.twin.Size, f.file)
}
