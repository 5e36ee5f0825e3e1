package syscalls

import (
	"encoding/binary"

	"openmosix/internal/model/abi"
)

// Reach says how far a call goes that has to do with the contents of files by their descriptors.
type Reach uint8

const (
	// ReachNone: it has nothing to do with any file's contents.
	ReachNone Reach = iota
	// ReachContents: it reads or writes what is in the files, and has done so when it is over.
	ReachContents
	// ReachBeyond: afterwards the files may be reached in another way than before, or have another size.
	ReachBeyond
	// ReachAny is ReachBeyond for all files that the process has open, and perhaps for some that it has not.
	ReachAny
)

const (
	seekData, seekHole = 3, 4
	addSeals           = 1033 // F_ADD_SEALS
)

// ReachOf tells how far a call goes, and by which of its descriptors. Of those that a message passes on
// (PassesRights) it says nothing.
func ReachOf(nr int, args [6]uint64) (Reach, []int) {
	fd := func(i int) int { return int(int32(args[i])) }
	switch nr {
	case 0, 1, 17, 18, 19, 20, 295, 296, 327, 328: // p?(read|write)(v2?|64)
		return ReachContents, []int{fd(0)}
	case 40: // sendfile
		return ReachContents, []int{fd(0), fd(1)}
	case 275, 326: // splice copy_file_range
		return ReachContents, []int{fd(0), fd(2)}
	case 8: // lseek
		if args[2] == seekData || args[2] == seekHole {
			return ReachContents, []int{fd(0)}
		}
	case 77, 285: // ftruncate fallocate
		return ReachBeyond, []int{fd(0)}
	case 72: // fcntl
		if args[1] == addSeals {
			return ReachBeyond, []int{fd(0)}
		}
	case 9: // mmap
		if args[3]&mapAnonymous == 0 {
			return ReachBeyond, []int{fd(4)}
		}
	case 209, 216, 425, 426: // io_submit remap_file_pages io_uring_setup io_uring_enter
		return ReachAny, nil
	}
	return ReachNone, nil
}

// PassesRights tells whether a call sends messages that may have descriptors with them.
func PassesRights(nr int) bool { return nr == 46 || nr == 307 } // sendmsg sendmmsg

// Rights are the descriptors in the control data of a message that is sent.
func Rights(control []byte) []int {
	const head, socket, rights = 16, 1, 1
	var all []int
	for len(control) >= head {
		n := binary.LittleEndian.Uint64(control)
		if n < head || n > uint64(len(control)) {
			break // EINVAL
		}
		if binary.LittleEndian.Uint32(control[8:]) == socket && binary.LittleEndian.Uint32(control[12:]) == rights {
			for at := uint64(head); at+4 <= n; at += 4 {
				all = append(all, int(int32(binary.LittleEndian.Uint32(control[at:]))))
			}
		}
		control = control[min((n+7)&^7, uint64(len(control))):]
	}
	return all
}

// RightsOf are the descriptors that a gathered call sends along.
func RightsOf(c *Call) []int {
	if !PassesRights(c.Nr) {
		return nil
	}
	var all []int
	for _, r := range c.Relocs {
		if r.Off%abi.SizeMmsghdr == abi.MsgControl && int(r.Seg) < len(c.Segs) && c.Segs[r.Seg].Arg == 1 && int(r.To) < len(c.Segs) {
			all = append(all, Rights(c.Segs[r.To].In)...)
		}
	}
	return all
}
