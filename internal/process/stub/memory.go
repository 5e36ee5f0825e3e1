package stub

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// MemoryFlags are what a process makes the memory of slots with: memfd_create(2).
const MemoryFlags = unix.MFD_CLOEXEC | unix.MFD_ALLOW_SEALING

// fix gives the memory of slots its size, for good: a supervisor that reads where a file has ended meanwhile, or where there
// are no huge pages left, is killed (SIGBUS), and others can have the descriptor. Which descriptor it is the process has
// said: it need not be such memory.
func fix(fd int, size int64) error {
	var fs unix.Statfs_t
	if err := unix.Fstatfs(fd, &fs); err != nil || fs.Type != unix.TMPFS_MAGIC {
		return fmt.Errorf("the memory of slots is none (%#x, %w)", fs.Type, err)
	}
	if err := unix.Ftruncate(fd, size); err != nil {
		return fmt.Errorf("size shared memory: %w", err)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		return fmt.Errorf("seal shared memory: %w", err)
	}
	return nil
}
