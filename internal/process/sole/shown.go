package sole

import (
	"errors"
	"os"
	"slices"
	"strings"

	"openmosix/internal/linux/lease"

	"golang.org/x/sys/unix"
)

// ErrWritten: what others write to a file has to be seen.
var ErrWritten = lease.ErrWritten

// bearOldness are directories with caches of name services, which nearly every process maps on machines that have
// them, and which their service always has open to write. Each entry has the time until which it holds, and who
// finds none asks the service.
var bearOldness = []string{"/var/lib/sss/mc/", "/var/cache/nscd/", "/var/db/nscd/", "/var/run/nscd/", "/run/nscd/"}

// Unchanging holds a file that a process has mapped shared, only to be read, by a lease to read (package lease) until
// what it gives is closed: so long nobody writes to it, and a copy shows what the mapping would. name
// is by what it can be opened, path its name for people. ErrWritten: somebody can write to it. Nil: neither can be
// known, as its file system does not tell, or nobody cares.
func Unchanging(name, path string) (*os.File, error) {
	if slices.ContainsFunc(bearOldness, func(dir string) bool { return strings.HasPrefix(path, dir) }) {
		return nil, nil
	}
	// While it is mapped nobody has a lease that this would end.
	file, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOATIME, 0)
	if err != nil {
		return nil, nil
	}
	var fs unix.Statfs_t
	if err = unix.Fstatfs(int(file.Fd()), &fs); err == nil && local[int64(fs.Type)] {
		if err = lease.TakeToRead(file); err == nil {
			return file, nil
		}
	}
	_ = file.Close()
	if errors.Is(err, lease.ErrWritten) {
		return nil, err
	}
	return nil, nil
}
