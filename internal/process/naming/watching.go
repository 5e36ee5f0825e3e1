package naming

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"openmosix/internal/linux/filestat"
	"openmosix/internal/model/names"

	"golang.org/x/sys/unix"
)

// watch watches every directory on the way to a name. Where one is missing, it
// is that one which is absent, and with it all below. Only the learner calls it.
func (n *Naming) watch(path string, fact names.Fact) (string, names.Fact, error) {
	for _, directory := range names.Parents(path) {
		n.mu.Lock()
		_, watched := n.dirs[directory]
		n.mu.Unlock()
		if watched {
			continue
		}
		err := n.watchOne(directory)
		if errors.Is(err, unix.ENOENT) && fact == names.Absent {
			return directory, fact, nil
		}
		if err != nil {
			return path, fact, err
		}
	}
	return path, fact, nil
}

// watchAll watches a working directory and all on the way to it, so that it is heard of when it is called otherwise.
func (n *Naming) watchAll(directory string) error {
	if directory != "/" && !names.Clean(directory) {
		return errNotTold
	}
	_, _, err := n.watch(strings.TrimSuffix(directory, "/")+"/.", names.Directory)
	return err
}

// maxWatched bounds the directories of a family; the kernel has a bound of its own.
const maxWatched = 4096

func (n *Naming) watchOne(directory string) error {
	how := unix.OpenHow{Flags: unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC | unix.O_NONBLOCK, Resolve: unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS}
	fd, err := unix.Openat2(unix.AT_FDCWD, directory, &how)
	if err != nil {
		return fmt.Errorf("look at %s: %w", directory, err)
	}
	file := os.NewFile(uintptr(fd), directory)
	defer file.Close()
	if err := told(fd); err != nil {
		return fmt.Errorf("look at %s: %w", directory, err)
	}
	wd, err := n.w.Watch(file)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.dirs) >= maxWatched {
		return errNotTold
	}
	n.dirs[directory] = wd
	if n.paths[wd] == nil {
		n.paths[wd] = make(map[string]struct{})
	}
	n.paths[wd][directory] = struct{}{}
	// It may have been another one's name when the watch began; since then the
	// directory above it is watched.
	var opened, named unix.Stat_t
	if unix.Fstat(fd, &opened) != nil || unix.Lstat(directory, &named) != nil || opened.Dev != named.Dev || opened.Ino != named.Ino {
		delete(n.dirs, directory)
		delete(n.paths[wd], directory)
		return errNotTold
	}
	return nil
}

// told tells why facts are not told of the names in an open directory.
func told(fd int) error {
	var fs unix.Statfs_t
	if err := unix.Fstatfs(fd, &fs); err != nil {
		return err
	}
	if !filestat.Local(int64(fs.Type)) {
		return fmt.Errorf("a file system of type %#x: %w", fs.Type, errNotTold)
	}
	const caseFold = 0x40000000 // FS_CASEFOLD_FL
	if flags, err := unix.IoctlGetUint32(fd, unix.FS_IOC_GETFLAGS); err == nil && flags&caseFold != 0 {
		return errNotTold
	}
	return nil
}
