package uffd

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Serving pages: the holder of a userfaultfd fills pages that are not there, and
// hears of faults and of changes of the mappings.
//
// Rules of the kernel that callers must know:
//
//   - Whoever changes a mapping waits until its Message has been read. From before
//     the change until then filling fails with EAGAIN: so what the holder knows of
//     the mappings is true when it fills, provided that it does not read in between.
//   - Faults are read before the changes that precede them.
//   - A page that is filled wakes those who wait for it.

// EventKind of a Message.
type EventKind uint8

// UFFD_EVENT_…
const (
	Fault   EventKind = 0x12
	Forked  EventKind = 0x13
	Moved   EventKind = 0x14 // mremap(2)
	Removed EventKind = 0x15 // madvise(2): the pages are dropped
	Unmap   EventKind = 0x16
)

// Message is what is read from a userfaultfd: struct uffd_msg.
type Message struct {
	Kind  EventKind
	Start uint64 // Fault: the page's address
	Write bool   // Fault: it is to be written
	End   uint64 // Removed, Unmap
	To    uint64 // Moved: the new address
	Len   uint64 // Moved
	FD    int    // Forked: the userfaultfd of the child's memory, which is the reader's
}

// MessageSize is that of struct uffd_msg.
const MessageSize = 32

const pageMask = ^uint64(4095)

// ParseMessages reads what came from a userfaultfd.
func ParseMessages(b []byte) []Message {
	var all []Message
	for ; len(b) >= MessageSize; b = b[MessageSize:] {
		word := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
		m := Message{Kind: EventKind(b[0])}
		switch m.Kind {
		case Fault:
			const write, protected = 1, 2 // UFFD_PAGEFAULT_FLAG_WRITE, …_WP
			m.Start, m.Write = word(2)&pageMask, word(1)&(write|protected) != 0
		case Forked:
			m.FD = int(uint32(word(1)))
		case Moved:
			m.Start, m.To, m.Len = word(1), word(2), word(3)
		case Removed, Unmap:
			m.Start, m.End = word(1), word(2)
		}
		all = append(all, m)
	}
	return all
}

// Modes of Copy.
const CopyProtected = 2 // the pages count as not written

// Copy fills missing pages at dst with b, which is of whole pages. It tells how
// many bytes were filled before it failed.
func (u FD) Copy(dst uint64, b []byte, mode uint64) (int, unix.Errno) {
	const result = 4
	return u.fill(IoctlCopy, []uint64{dst, 0, uint64(len(b)), mode, 0}, b, result)
}

// Zero fills missing pages with zeros, as Copy does.
func (u FD) Zero(dst, length uint64) (int, unix.Errno) {
	const result = 3
	return u.fill(IoctlZeroPage, []uint64{dst, length, 0, 0}, nil, result)
}

// Wake lets those go on who wait for pages of a range.
func (u FD) Wake(start, length uint64) error { return u.Ioctl(IoctlWake, RangeRequest(start, length)) }
