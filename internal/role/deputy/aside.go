package deputy

import (
	"fmt"
	"os"

	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// aside keeps pages of shared memory as home was told them last, while others may write them: in memory that the
// kernel may put out, not in this program's.
type aside struct{ file *os.File }

// keep stores neighbouring pages.
func (a *aside) keep(first uint64, contents []byte) error {
	if a.file == nil {
		fd, err := unix.MemfdCreate("openmosix", unix.MFD_CLOEXEC)
		if err != nil {
			return fmt.Errorf("keep shared memory: %w", err)
		}
		a.file = os.NewFile(uintptr(fd), "shared memory")
	}
	_, err := a.file.WriteAt(contents, int64(first*image.PageSize))
	return err
}

// read gives neighbouring pages that are kept.
func (a *aside) read(first, count uint64) ([]byte, error) {
	b := make([]byte, count*image.PageSize)
	if a.file == nil {
		return nil, fmt.Errorf("pages from %d on of shared memory are not kept", first)
	}
	if _, err := a.file.ReadAt(b, int64(first*image.PageSize)); err != nil {
		return nil, fmt.Errorf("shared memory that was kept: %w", err)
	}
	return b, nil
}

// forget gives pages back.
func (a *aside) forget(first, count uint64) {
	if a.file != nil {
		_ = unix.Fallocate(int(a.file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, int64(first*image.PageSize), int64(count*image.PageSize))
	}
}

func (a *aside) close() {
	if a.file != nil {
		_ = a.file.Close()
	}
}
