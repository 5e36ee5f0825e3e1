package daemon

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/process/filehash"
)

const (
	// maxTwin bounds the file a guest supervisor can make the daemon read.
	maxTwin = 4 << 30
	// hashers is how many files are read for guests at a time, over all guests.
	hashers = 2
	// hasherWait is how long a question waits for its turn; afterwards the
	// contents come from home.
	hasherWait = 5 * time.Second
)

// twins finds files of this node by their contents, for guest supervisors: they
// have an empty root of their own, and die with what they have hashed. They are not trusted: what they get is what every user of this
// node may read anyway, or what their own home has sent, and only to read.
type twins struct {
	hashes *filehash.Cache
	keeps  shelf
	turn   chan struct{}
}

func newTwins(stateDir string, s shelf) (*twins, error) {
	hashes, err := filehash.Open(stateDir)
	return &twins{hashes: hashes, keeps: s, turn: make(chan struct{}, hashers)}, err
}

// answer looks for a file and sends it to the guest supervisor that asked.
func (t *twins) answer(g *guest, id uint64, want *supervisor.Twin) {
	c := g.child
	var files []*os.File
	f, err := t.find(want)
	if err != nil {
		c.log.Debug("no twin", "path", want.Path, "why", err)
		f, err = t.kept(g.home, want)
	}
	if err == nil {
		defer f.Close()
		files = append(files, f)
	} else {
		c.log.Debug("not kept", "path", want.Path, "why", err)
	}
	if err := c.tell(supervisor.FromDaemon{Found: id}, files...); err != nil {
		c.log.Debug("twin not delivered", "path", want.Path, "error", err)
	}
}

// find opens the file only after it has been looked at: opening a device or a
// pipe has effects.
func (t *twins) find(want *supervisor.Twin) (*os.File, error) {
	if !filepath.IsAbs(want.Path) || filepath.Clean(want.Path) != want.Path {
		return nil, fmt.Errorf("not a clean absolute path")
	}
	at, err := unix.Open(want.Path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(at)
	if err := suits(at, want.Size); err != nil {
		return nil, err
	}
	if err := open(want.Path, at); err != nil {
		return nil, err
	}
	f, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", at))
	if err != nil {
		return nil, err
	}
	hash, err := t.hash(f)
	if err == nil && !bytes.Equal(hash, want.Hash) {
		err = fmt.Errorf("other contents")
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// suits: nobody but root can change the file under a guest's feet, and it is no secret.
func suits(fd int, size uint64) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	const othersRead, othersWrite = 0o004, 0o022
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return fmt.Errorf("not a regular file")
	case uint64(st.Size) != size:
		return fmt.Errorf("it has %d bytes, %d are wanted", st.Size, size)
	case size > maxTwin:
		return fmt.Errorf("too large to be read for a guest")
	case st.Uid != 0 || st.Mode&othersWrite != 0:
		return fmt.Errorf("others than root can change it")
	case st.Mode&othersRead == 0:
		return fmt.Errorf("not everybody may read it")
	}
	return nil
}

// open: everybody may go where the file is, by the path that was asked for and by its own. Whether there is something behind a
// door that is closed to others is nobody's business, even for who knows what it would be.
func open(path string, fd int) error {
	own, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return err
	}
	const othersEnter = 0o001
	for _, at := range []string{path, own} {
		for dir := filepath.Dir(at); ; dir = filepath.Dir(dir) {
			if st, err := os.Stat(dir); err != nil || st.Mode()&othersEnter == 0 {
				return fmt.Errorf("not everybody may enter %s", dir)
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return nil
}

func (t *twins) hash(f *os.File) ([]byte, error) {
	done, err := t.wait()
	if err != nil {
		return nil, err
	}
	defer done()
	id, err := t.hashes.IdentifyFile(f)
	return id.Hash, err
}

// kept opens what the home has sent before, which may have to be read first.
func (t *twins) kept(home int, want *supervisor.Twin) (*os.File, error) {
	done, err := t.wait()
	if err != nil {
		return nil, err
	}
	defer done()
	return t.keeps.Find(home, want.Hash, want.Size)
}

// wait waits for a turn to read a file.
func (t *twins) wait() (done func(), err error) {
	timer := time.NewTimer(hasherWait)
	defer timer.Stop()
	select {
	case t.turn <- struct{}{}:
		return func() { <-t.turn }, nil
	case <-timer.C:
		return nil, fmt.Errorf("too many files are being read for guests")
	}
}
