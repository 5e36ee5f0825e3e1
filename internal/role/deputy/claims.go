package deputy

import (
	"errors"
	"fmt"
	"slices"

	"openmosix/internal/linux/meminfo"
	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"
	"openmosix/internal/model/missing"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/joint"
)

// What a guest side says of a process is the word of another machine. It is checked
// here before anything relies on it, and bounded where it could go on for ever.

// mayLack checks that the other side leaves out only what it was told it may.
func mayLack(m *wire.ThawMsg, when missing.When) error {
	if err := missing.Allowed(&m.Image, m.Missing); err != nil {
		return err
	}
	if len(m.Missing) > 0 && when == missing.Never {
		return fmt.Errorf("the guest side leaves out %d bytes of the process, which it was not to", layout.Bytes(m.Missing))
	}
	return nil
}

// plausible checks what the code after it relies on: an index or a count from
// the other side must not end this supervisor, which holds other processes too.
func plausible(m *wire.ThawMsg, before uint64) error {
	if len(m.Image.Threads) == 0 || m.SignalsSeen < before {
		return fmt.Errorf("the guest side sent a process with %d threads that has seen %d signals", len(m.Image.Threads), m.SignalsSeen)
	}
	known := map[int]bool{}
	for i := range m.Image.Threads {
		tid := m.Image.Threads[i].TID
		if known[tid] {
			return fmt.Errorf("the guest side sent thread %d twice", tid)
		}
		known[tid] = true
	}
	return nil
}

// unseen are the signals that were sent after the first so many.
func unseen(sent []sentSignal, seen uint64) []sentSignal {
	if seen > uint64(len(sent)) {
		return sent
	}
	return sent[seen:]
}

// mayAsk checks that no more is asked for than the process has mapped: it stands
// still meanwhile.
func mayAsk(img *image.Image, parts []wire.FilePart) error {
	var asked, mapped uint64
	for i := range img.VMAs {
		if v := &img.VMAs[i]; v.Kind == image.File || v.Kind == image.SharedFile {
			mapped += v.Len()
		}
	}
	for _, part := range parts {
		n := part.Range.Len()
		if asked += n; n > mapped || asked > mapped {
			return fmt.Errorf("the other node asks for more than the %d bytes of files that the process has mapped", mapped)
		}
	}
	return nil
}

var errEndless = errors.New("the guest side sends more than the process can have")

// mayOwn checks that the files of its own with which a process comes are those with which it left.
func mayOwn(img *image.Image, soles []*soleFile) error {
	for i := range img.Files {
		f := &img.Files[i]
		if f.Sole && !f.Joint && !slices.ContainsFunc(soles, func(s *soleFile) bool { return s.id.Dev == f.Dev && s.id.Ino == f.Ino && s.id.Size == f.Size }) {
			return fmt.Errorf("the guest side sent a file of the process's own of %d bytes, which it has not", f.Size)
		}
	}
	return nil
}

// mayShare checks that what a process comes with of its family's is what it left with.
func (p *proc) mayShare(img *image.Image) error {
	for i := range img.Files {
		f := &img.Files[i]
		if f.Joint && !p.isServed(joint.KeyOf(f)) {
			return fmt.Errorf("the guest side sent shared memory of %d bytes, which the process has not", f.Size)
		}
	}
	return nil
}

// mayHaveLocked checks that a process comes with no more locked than it may have locked by itself. What is locked is taken from
// the memory here, and is not sent.
func mayHaveLocked(img *image.Image, most uint64) error {
	if n := img.Locked(); n > most || img.LocksNew != 0 && most == 0 {
		return fmt.Errorf("the guest side sent a process with %d bytes locked, which may lock %d", n, most)
	}
	return nil
}

// mostFrozen is what may come of a process after its frozen image: each page once,
// and which of them are zeros.
func mostFrozen(img *image.Image) uint64 {
	const besides = 64 << 20
	n := uint64(besides)
	for i := range img.VMAs {
		n += img.VMAs[i].Len() / image.PageSize * (image.PageSize + 128)
	}
	for i := range img.Files {
		if f := &img.Files[i]; f.Sole && !f.Joint { // perhaps mapped no more
			n += f.Size + f.Size/image.PageSize*128
		}
	}
	return n
}

// spend takes a frame off what may come.
func spend(left *uint64, f frame) error {
	const empty = 64 // one with nothing in it is not for nothing
	n := uint64(len(f.data)) + empty
	if n > *left {
		return errEndless
	}
	*left -= n
	return nil
}

// mostAhead is what may come before that: the other side sends what is written in a
// few rounds (tracee.Precopy), and a round that is larger than the memory here
// would be of no use. Words that are passed over count as a page each.
func mostAhead() uint64 {
	const rounds = 16
	m, err := meminfo.Read()
	if err != nil {
		return 1 << 40
	}
	return rounds * m.Total
}
