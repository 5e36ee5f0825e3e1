// Package filestat is what file systems say of a file, as bytes and as facts.
package filestat

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Size of the kernel's struct stat.
const Size = 144

// Bytes is the kernel's struct stat of x86-64: stat(2).
func Bytes(st *unix.Stat_t) []byte {
	le := binary.LittleEndian
	b := make([]byte, 0, Size)
	for _, v := range []uint64{st.Dev, st.Ino, st.Nlink} {
		b = le.AppendUint64(b, v)
	}
	for _, v := range []uint32{st.Mode, st.Uid, st.Gid, 0} {
		b = le.AppendUint32(b, v)
	}
	for _, v := range []int64{int64(st.Rdev), st.Size, st.Blksize, st.Blocks, st.Atim.Sec, st.Atim.Nsec, st.Mtim.Sec, st.Mtim.Nsec, st.Ctim.Sec, st.Ctim.Nsec} {
		b = le.AppendUint64(b, uint64(v))
	}
	return b[:Size]
}

// Local tells whether files of a file system of that type change by this kernel's calls only.
func Local(filesystem int64) bool { return local[filesystem] }

var local = map[int64]bool{
	unix.EXT4_SUPER_MAGIC: true, unix.XFS_SUPER_MAGIC: true, unix.BTRFS_SUPER_MAGIC: true, unix.F2FS_SUPER_MAGIC: true,
	unix.TMPFS_MAGIC: true, unix.RAMFS_MAGIC: true, unix.OVERLAYFS_SUPER_MAGIC: true, unix.SQUASHFS_MAGIC: true, unix.ISOFS_SUPER_MAGIC: true,
	zfsMagic: true,
}

const zfsMagic = 0x2fc12fc1
