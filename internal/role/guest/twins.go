package guest

import (
	"bytes"
	"os"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"

	"golang.org/x/sys/unix"
)

// twinWait bounds the daemon's search for a file, which may have to read it all.
const twinWait = 10 * time.Second

// localTwin opens the file of this node that has the same path and the same
// contents as the one mapped at home; nil: there is none. Only a file that
// nobody but root can change is mapped directly: it must not change under the
// guest's feet. The daemon knows the hashes and may look everywhere; without a
// daemon this supervisor looks for itself.
func (g *Guest) localTwin(f *image.FileID) *os.File {
	if len(f.Hash) == 0 || f.Size == 0 {
		return nil
	}
	e := supervisor.Event{Kind: supervisor.Wanted, Twin: &supervisor.Twin{Path: f.Path, Size: f.Size, Hash: f.Hash}}
	l, err := g.askForFile(e, g.done)
	if err != nil {
		return g.ownTwin(f)
	}
	return l
}

// askForFile asks the daemon for a file; nil: it gives none, or over is closed before. An
// error: there is no daemon.
func (g *Guest) askForFile(e supervisor.Event, over <-chan struct{}) (*os.File, error) {
	id := g.serial.Add(1)
	answer := make(chan *os.File, 1)
	g.mu.Lock()
	g.twins[id] = answer
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		delete(g.twins, id)
		g.mu.Unlock()
		select {
		case late := <-answer:
			if late != nil {
				_ = late.Close()
			}
		default:
		}
	}()
	e.ID = id
	if err := g.daemon.Send(e); err != nil {
		return nil, err
	}
	timer := time.NewTimer(twinWait)
	defer timer.Stop()
	select {
	case l := <-answer:
		return l, nil
	case <-over:
	case <-timer.C:
	}
	return nil, nil
}

// found hands on what the daemon has found.
func (g *Guest) found(id uint64, files []*os.File) {
	var first *os.File
	for i, f := range files {
		if i == 0 {
			first = f
			continue
		}
		_ = f.Close()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if answer := g.twins[id]; answer != nil {
		answer <- first // one place, one answer
		delete(g.twins, id)
		return
	}
	if first != nil {
		_ = first.Close()
	}
}

// ownTwin is localTwin by this supervisor's own means.
func (g *Guest) ownTwin(f *image.FileID) *os.File {
	// Without O_NONBLOCK the open of a FIFO of that name would wait.
	l, err := os.OpenFile(f.Path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil
	}
	var st unix.Stat_t
	if unix.Fstat(int(l.Fd()), &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG || uint64(st.Size) != f.Size || st.Uid != 0 || st.Mode&0o022 != 0 {
		_ = l.Close()
		return nil
	}
	id, err := g.hashes.IdentifyFile(l)
	if err != nil || !bytes.Equal(id.Hash, f.Hash) {
		_ = l.Close()
		return nil
	}
	return l
}
