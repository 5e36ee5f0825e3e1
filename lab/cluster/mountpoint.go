package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// mountPoints must exist in the machine's tree for a node to mount its own over
// them. Where the machine has none they are made, with a marker inside (the
// nodes never see it, their own file system lies on top), and removed after
// the last lab.
var mountPoints = []string{"/etc/openmosix", "/var/lib/openmosix"}

const mountPointMarker = ".made-by-openmosix-lab"

// lockMountPoints orders makers and removers on the whole machine. The lock is
// on a directory that exists everywhere, so it leaves no file behind.
func lockMountPoints(how int) (release func(), err error) {
	dir, err := os.Open("/var/lib")
	if err != nil {
		return nil, fmt.Errorf("lock mount points: %w", err)
	}
	for {
		err = unix.Flock(int(dir.Fd()), how)
		if err == nil {
			return func() { dir.Close() }, nil
		}
		if err != unix.EINTR {
			dir.Close()
			return nil, fmt.Errorf("lock mount points: %w", err)
		}
	}
}

// makeMountPoints makes what is missing. Until release is called nobody removes
// them: rmdir of a directory takes away what is mounted on it elsewhere.
func makeMountPoints() (release func(), err error) {
	release, err = lockMountPoints(unix.LOCK_SH)
	if err != nil {
		return nil, err
	}
	for _, dir := range mountPoints {
		err := os.Mkdir(dir, 0o755)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, mountPointMarker), nil, 0o600)
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			release()
			return nil, fmt.Errorf("make mount point: %w", err)
		}
	}
	return release, nil
}

// removeMountPoints removes what makeMountPoints made, unless a lab still needs it.
func removeMountPoints() error {
	release, err := lockMountPoints(unix.LOCK_EX)
	if err != nil {
		return err
	}
	defer release()
	alive, err := members("")
	if err != nil {
		return err
	}
	for _, m := range alive {
		if m.pid != os.Getpid() {
			return nil
		}
	}
	for _, dir := range mountPoints {
		if os.Remove(filepath.Join(dir, mountPointMarker)) != nil {
			continue // not made by a lab
		}
		if err := os.Remove(dir); err != nil && !errors.Is(err, unix.ENOTEMPTY) {
			return fmt.Errorf("remove mount point: %w", err)
		}
	}
	return nil
}
