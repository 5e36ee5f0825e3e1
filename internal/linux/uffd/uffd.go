// Package uffd knows the numbers and structures of userfaultfd(2).
//
// A userfaultfd watches the memory of the process that created it, so most of
// these calls are executed inside another process by injection: this package
// gives the call numbers, the ioctl numbers and the bytes to be put into that
// process's memory, and reads the bytes that come back. FD uses one directly,
// for memory of this very process.
//
// It neither injects nor decides what is watched.
package uffd

import "encoding/binary"

// Open flags, together with O_CLOEXEC and O_NONBLOCK.
const (
	// UserModeOnly: faults inside the kernel are not served and fail. Enough
	// for write tracking, and the only form open to the unprivileged.
	UserModeOnly = 1
)

// NewFromDevice is USERFAULTFD_IOC_NEW on /dev/userfaultfd, whose argument is
// the open flags: the way to serve kernel faults without CAP_SYS_PTRACE.
const NewFromDevice = 0xaa00

// The ioctls of a userfaultfd.
const (
	IoctlAPI          = 0xc018aa3f
	IoctlRegister     = 0xc020aa00
	IoctlUnregister   = 0x8010aa01
	IoctlWake         = 0x8010aa02
	IoctlCopy         = 0xc028aa03
	IoctlZeroPage     = 0xc020aa04
	IoctlMove         = 0xc028aa05
	IoctlWriteProtect = 0xc018aa06
	IoctlContinue     = 0xc020aa07
)

// Features is a set of UFFD_FEATURE_… bits.
type Features uint64

const (
	FaultFlagWP Features = 1 << iota
	EventFork
	EventRemap
	EventRemove
	MissingHugetlb
	MissingShmem
	EventUnmap
	SigBus
	ThreadID
	MinorHugetlb
	MinorShmem
	ExactAddress
	WPHugetlbShmem
	WPUnpopulated // protect pages that are not there yet, too
	Poison
	WPAsync // the kernel resolves write-protect faults by itself: only a mark is left
	Move
)

// TrackWrites is what finding written pages by PAGEMAP_SCAN needs. Without
// WPUnpopulated a page that appears after a scan would not be told from one
// that was there and protected.
const TrackWrites = WPAsync | WPUnpopulated

// FollowChanges has the holder told of whatever a process does to mappings whose pages
// are served.
const FollowChanges = EventRemap | EventRemove | EventUnmap

// Modes of a registered range.
const (
	ModeMissing = 1 << iota
	ModeWP
	ModeMinor
)

const apiVersion = 0xaa

// APIRequest is struct uffdio_api: the handshake that a new userfaultfd needs
// before anything else. It can be made once only.
func APIRequest(want Features) []byte {
	return words(apiVersion, uint64(want), 0)
}

// RegisterRequest is struct uffdio_register.
func RegisterRequest(start, length uint64, mode uint64) []byte {
	return words(start, length, mode, 0)
}

// RangeRequest is struct uffdio_range, for unregistering and waking.
func RangeRequest(start, length uint64) []byte {
	return words(start, length)
}

// CopyRequest is struct uffdio_copy; src is an address of the process that makes the call.
func CopyRequest(dst, src, length, mode uint64) []byte {
	return words(dst, src, length, mode, 0)
}

// ZeroPageRequest is struct uffdio_zeropage.
func ZeroPageRequest(start, length, mode uint64) []byte {
	return words(start, length, mode, 0)
}

// WriteProtectRequest is struct uffdio_writeprotect.
func WriteProtectRequest(start, length, mode uint64) []byte {
	return words(start, length, mode)
}

// Granted reads the features that the kernel has from a completed APIRequest.
func Granted(reply []byte) Features {
	if len(reply) < 16 {
		return 0
	}
	return Features(binary.LittleEndian.Uint64(reply[8:]))
}

func words(all ...uint64) []byte {
	b := make([]byte, 0, 8*len(all))
	for _, w := range all {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return b
}
