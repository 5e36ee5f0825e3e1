package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// BinDir is where a node finds the binary under all its names. It comes first
// in the PATH of what Exec starts.
const BinDir = "/run/openmosix/bin"

// private are the trees a node has for itself, in mount order.
var private = []struct {
	path, kind, data string
	flags            uintptr
	optional         bool // only where the machine has the directory
}{
	{"/tmp", "tmpfs", "mode=1777", unix.MS_NOSUID | unix.MS_NODEV, false},
	{"/run", "tmpfs", "mode=755", unix.MS_NOSUID | unix.MS_NODEV, false},
	{"/var/lib/openmosix", "tmpfs", "mode=755", unix.MS_NOSUID | unix.MS_NODEV, false},
	{"/etc/openmosix", "tmpfs", "mode=755", unix.MS_NOSUID | unix.MS_NODEV, false},
	{"/dev/shm", "tmpfs", "mode=1777", unix.MS_NOSUID | unix.MS_NODEV, true},
	{"/dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=620,gid=5", unix.MS_NOSUID | unix.MS_NOEXEC, true},
	{"/dev/mqueue", "mqueue", "", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, true},
	{"/proc", "proc", "", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, false},
}

// mountTree gives the node its own trees.
// Precondition: this process is alone in its mount namespace.
func mountTree(o orders) error {
	// Nothing mounted here may reach the machine, nor the other way about.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	// What lies below /tmp or /run must be held before it is covered.
	binds := append([]Bind{{o.Binary, filepath.Join(BinDir, programName)}}, o.Binds...)
	sources := make([]int, len(binds))
	for i, b := range binds {
		fd, err := unix.Open(b.Source, unix.O_PATH|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("open %s: %w", b.Source, err)
		}
		defer unix.Close(fd)
		sources[i] = fd
	}
	for _, m := range private {
		if _, err := os.Stat(m.path); m.optional && errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err := unix.Mount(m.kind, m.path, m.kind, m.flags, m.data); err != nil {
			return fmt.Errorf("mount %s: %w", m.path, err)
		}
	}
	if err := privateTerminals(); err != nil {
		return err
	}
	if err := os.MkdirAll(BinDir, 0o755); err != nil {
		return fmt.Errorf("make program directory: %w", err)
	}
	for i, b := range binds {
		if err := bindFrom(sources[i], b.Target); err != nil {
			return fmt.Errorf("bind %s to %s: %w", b.Source, b.Target, err)
		}
	}
	for _, name := range o.Links {
		if err := os.Symlink(programName, filepath.Join(BinDir, name)); err != nil {
			return fmt.Errorf("link %s: %w", name, err)
		}
	}
	return nil
}

// privateTerminals makes /dev/ptmx open terminals of the node's own devpts. A
// plain device node opens those of the devpts beside it, in recent kernels, but
// a bind is right everywhere.
func privateTerminals() error {
	info, err := os.Lstat("/dev/ptmx")
	if errors.Is(err, os.ErrNotExist) || (err == nil && info.Mode()&os.ModeSymlink != 0) {
		return nil
	}
	if err == nil {
		err = unix.Mount("/dev/pts/ptmx", "/dev/ptmx", "", unix.MS_BIND, "")
	}
	if err != nil {
		return fmt.Errorf("bind /dev/ptmx: %w", err)
	}
	return nil
}

func bindFrom(fd int, target string) error {
	source := "/proc/self/fd/" + strconv.Itoa(fd)
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	if _, err := os.Stat(target); errors.Is(err, os.ErrNotExist) {
		if err := makeTarget(target, info.IsDir()); err != nil {
			return err
		}
	}
	return unix.Mount(source, target, "", unix.MS_BIND|unix.MS_REC, "")
}

// makeTarget makes a missing target, if it lies in a tree of the node's own:
// the machine's tree gets nothing new.
func makeTarget(target string, dir bool) error {
	own := false
	for _, m := range private {
		own = own || (m.kind == "tmpfs" && strings.HasPrefix(filepath.Clean(target), m.path+"/"))
	}
	if !own {
		return errors.New("there is no such path, and it is not below one of the node's own directories")
	}
	if dir {
		return os.MkdirAll(target, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	return os.WriteFile(target, nil, 0o644)
}
