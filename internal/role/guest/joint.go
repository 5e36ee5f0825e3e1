package guest

import (
	"errors"
	"os"

	"openmosix/internal/linux/uffd"
	"openmosix/internal/model/coherence"
	"openmosix/internal/model/image"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/joint"

	"golang.org/x/sys/unix"
)

// What a body has mapped that others of its family have, too, is memory of this session: its bodies
// share it, and its pages come from home when one of them touches them (package joint).

// jointFile is such memory.
type jointFile struct {
	home     image.FileID
	dev, ino uint64 // here
}

// jointSide tells home.
type jointSide struct{ g *Guest }

func (s jointSide) Want(k joint.Key, page, count uint64, write bool, own int) {
	verb := wire.JointRead
	if write {
		verb = wire.JointWrite
	}
	s.say(own, wire.JointMsg{Dev: k.Dev, Ino: k.Ino, Page: page, Count: count, Verb: verb})
}

func (s jointSide) Say(k joint.Key, page, count uint64, word coherence.Word, grant uint64, contents []byte) {
	verb := map[coherence.Word]wire.JointVerb{coherence.Gave: wire.JointGave, coherence.Kept: wire.JointKept, coherence.Dropped: wire.JointDropped}[word]
	s.say(0, wire.JointMsg{Dev: k.Dev, Ino: k.Ino, Page: page, Count: count, Grant: grant, Verb: verb, Contents: contents})
}

func (s jointSide) say(own int, m wire.JointMsg) {
	if err := s.g.post(wire.Joint, own, m.Append(nil)); err != nil {
		s.g.log.Debug("home is not told of shared memory", "error", err)
	}
}

// joint takes a word of home's about such memory. Link reader.
func (g *Guest) joint(data []byte) {
	m, err := wire.DecodeJoint(data)
	if err == nil {
		k := joint.Key{Dev: m.Dev, Ino: m.Ino}
		switch m.Verb {
		case wire.JointTake, wire.JointShare:
			err = g.shared.Yield(k, m.Page, m.Count, m.Verb == wire.JointShare)
		case wire.JointPut, wire.JointLend:
			err = g.shared.Put(k, m.Page, m.Count, m.Grant, m.Verb == wire.JointPut, m.Contents)
		case wire.JointOwn:
			err = g.shared.Own(k, m.Page, m.Count, m.Grant)
		default:
			err = errors.New("home says what is not for it to say")
		}
	}
	if err != nil {
		g.log.Warn("a word about shared memory", "error", err)
	}
}

// newJoint makes memory that the body is to share known here.
func (b *body) newJoint(id *image.FileID) (*source, error) {
	if b.g.device == nil {
		return nil, errors.New("the process shares memory, and this node cannot fetch its pages")
	}
	file, err := b.g.shared.Use(joint.KeyOf(id), id.Size, func() (*os.File, error) { return blankFile(id) })
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &st); err != nil {
		b.g.shared.Unuse(joint.KeyOf(id))
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.joints = append(b.joints, &jointFile{home: *id, dev: st.Dev, ino: st.Ino})
	b.joins.Store(true)
	return &source{file: file, sole: true}, nil
}

// join begins to serve what a body shares. Precondition: it waits in its stub.
func (a *arrival) join(img *image.Image) error {
	b := a.s.b
	var parts []joint.Part
	for i := range img.VMAs {
		v := &img.VMAs[i]
		if v.Kind == image.Sole && img.Files[v.File].Joint {
			parts = append(parts, joint.Part{Range: v.Range, Key: joint.KeyOf(&img.Files[v.File]), Off: v.Off})
		}
	}
	if len(parts) == 0 {
		return nil
	}
	fd, err := a.faults(joint.Features &^ uffd.EventFork) // which takes a privilege, and it forks at home
	if err != nil {
		return err
	}
	space, err := a.g.shared.Watch(fd, b.Own, parts)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.jointSpace = space
	return err
}

// leaveJoints ends the body's part in what it shares: it has ended, or is elsewhere. The result
// gives home the pages that nobody here needs any more; until it is called this supervisor goes on.
func (b *body) leaveJoints() func() {
	b.mu.Lock()
	all, space := b.joints, b.jointSpace
	b.joints, b.jointSpace = nil, nil
	b.mu.Unlock()
	if len(all) == 0 {
		return func() {}
	}
	g := b.g
	return g.beforeEnd(func() {
		if space != nil {
			g.shared.Leave(space)
		}
		for _, j := range all {
			g.shared.Unuse(joint.KeyOf(&j.home))
		}
		g.conn.Flush()
	})
}

// jointAt is the shared memory that a file here is; nil: it is none.
func (b *body) jointAt(dev, ino uint64) *jointFile {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, j := range b.joints {
		if j.dev == dev && j.ino == ino {
			return j
		}
	}
	return nil
}

// waitsForPages tells whether who touches the body's memory may have to wait for the link's reader.
func (b *body) waitsForPages() bool { return b.lacks() || b.joins.Load() }

// onJoint does a call that may have to do with memory that the body shares; false: it has not.
func (s *strand) onJoint(p *pending) bool {
	const apart = "it changes memory that it shares"
	switch p.nr {
	case unix.SYS_FUTEX:
		switch {
		case syscalls.PrivateFutex(p.args):
			return false
		case !s.b.sharesAt(p.args[0]) && !s.b.sharesAt(p.args[4]):
			s.handsOver()
			s.b.proceed(p.id)
		default:
			s.jointFutex(p)
		}
	case unix.SYS_FUTEX_WAITV, unix.SYS_FUTEX_WAKE, unix.SYS_FUTEX_WAIT, futexRequeue:
		s.comeHome(p, "it may wait for memory that it shares")
	case unix.SYS_MREMAP:
		if !s.b.sharesAt(p.args[0]) {
			return false
		}
		s.comeHome(p, apart)
	case unix.SYS_MADVISE:
		if p.args[2] != unix.MADV_REMOVE || !s.b.sharesAt(p.args[0]) {
			return false
		}
		s.comeHome(p, apart)
	default:
		return false
	}
	return true
}

// futexRequeue is futex_requeue(2).
const futexRequeue = 456

// jointFutex waits, or wakes, at home: those who wait there are to be found, and those elsewhere.
func (s *strand) jointFutex(p *pending) {
	row := syscalls.JointFutex(p.args)
	if row == nil {
		s.comeHome(p, "it waits in this way for memory that it shares")
		return
	}
	c, errno := row.Gather(p.args, s.b.memory())
	if errno != 0 {
		s.b.answer(p.id, -int64(errno))
		return
	}
	p.row, p.call = row, c
	if s.enter(p, false) {
		s.forward(p)
		s.notice(p)
	}
}

// sharesAt tells whether memory that the body shares is mapped at an address.
func (b *body) sharesAt(at uint64) bool {
	b.mu.Lock()
	space := b.jointSpace
	b.mu.Unlock()
	return space != nil && b.g.shared.Serves(space, at)
}
