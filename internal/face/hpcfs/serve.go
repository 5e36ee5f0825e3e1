package hpcfs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	fusefs "github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// Names in /proc/mounts.
const (
	source = "openmosix"
	kind   = "hpcfs"
)

const device = "/dev/fuse"

// Options say where and how to mount.
type Options struct {
	MountPoint string
	Replace    bool // what a server that died has left there
	Log        *slog.Logger
}

// Serve mounts the tree and serves it until ctx ends, then unmounts it, or until
// somebody else unmounts it. Files that are still open then answer ENOTCONN.
func Serve(ctx context.Context, t *Tree, o Options) error {
	if os.Geteuid() != 0 {
		return errors.New("to mount needs root: the files are for all users, with the authority of each")
	}
	point, err := o.prepare()
	if err != nil {
		return err
	}
	server, err := t.mount(point, o.Log)
	if err != nil {
		return err
	}
	o.Log.Info("mounted", "at", point)
	ended := make(chan struct{})
	go func() {
		server.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		o.Log.Info("was unmounted", "at", point)
		return nil
	case <-ctx.Done():
		if err := unmount(point); err != nil {
			return err
		}
		o.Log.Info("unmounted", "at", point)
		return nil
	}
}

func (t *Tree) mount(point string, log *slog.Logger) (*fuse.Server, error) {
	never := time.Duration(0)
	server, err := fusefs.Mount(point, &top{tree: t}, &fusefs.Options{
		EntryTimeout: &never, AttrTimeout: &never, NegativeTimeout: &never,
		MountOptions: fuse.MountOptions{
			FsName: source, Name: kind, AllowOther: true, DirectMountStrict: true, DisableXAttrs: true,
			Options: []string{"noexec"},
			// It would look up each entry of a listing whether it is wanted or not.
			DisabledCapabilities: fuse.CAP_READDIRPLUS,
			Logger:               slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		},
	})
	if err != nil {
		if here, _ := mountedAt(point); here {
			err = errors.Join(err, unmount(point)) // it was mounted, but is not served
		}
		return nil, fmt.Errorf("mount %s: %w", point, err)
	}
	return server, nil
}

// unmount takes the tree out of sight at once, also while files are open.
func unmount(point string) error {
	err := unix.Unmount(point, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
	if err != nil && !errors.Is(err, unix.EINVAL) { // EINVAL: it is no mount any more
		return fmt.Errorf("unmount %s: %w", point, err)
	}
	return nil
}

// prepare checks what mounting needs, and names what is wrong with the way out.
// It returns the mount point without symbolic links, as /proc/mounts has it.
func (o Options) prepare() (string, error) {
	point, err := filepath.Abs(o.MountPoint)
	if err != nil {
		return "", fmt.Errorf("find the mount point: %w", err)
	}
	info, err := os.Stat(point)
	if errors.Is(err, unix.ENOTCONN) {
		if !o.Replace {
			return "", fmt.Errorf("%s is mounted, but its server has died; `umount %s` takes it away, --replace does that and mounts anew", point, point)
		}
		if err := unmount(point); err != nil {
			return "", err
		}
		info, err = os.Stat(point)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%s does not exist; make it (`mkdir %s`) or name another directory", point, point)
	case err != nil:
		return "", fmt.Errorf("look at the mount point: %w", err)
	case !info.IsDir():
		return "", fmt.Errorf("%s is not a directory", point)
	}
	if point, err = filepath.EvalSymlinks(point); err != nil {
		return "", fmt.Errorf("look at the mount point: %w", err)
	}
	here, err := mountedAt(point)
	if err != nil {
		return "", err
	}
	if here {
		return "", fmt.Errorf("%s is mounted and served already", point)
	}
	return point, checkDevice()
}

func checkDevice() error {
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC, 0)
	switch {
	case err == nil:
		return unix.Close(fd)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		return fmt.Errorf("%s: %w: this kernel has no FUSE, or the container has not the device (`modprobe fuse`; docker: --device %s)", device, err, device)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: %w: this container may not use the device (docker: --device %s)", device, err, device)
	}
	return fmt.Errorf("%s: %w", device, err)
}

// mountedAt tells whether a tree of this kind is mounted there.
func mountedAt(point string) (bool, error) {
	text, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return false, fmt.Errorf("list mounts: %w", err)
	}
	return isMounted(string(text), point), nil
}

// isMounted reads a table of mounts: the last one at a place is the one that is seen.
func isMounted(mounts, point string) bool {
	here := false
	for entry := range strings.Lines(mounts) {
		words := strings.Fields(entry)
		if len(words) > 2 && unescape.Replace(words[1]) == point {
			here = words[2] == "fuse."+kind
		}
	}
	return here
}

// unescape undoes what the kernel does to names in the table.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
