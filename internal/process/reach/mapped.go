package reach

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/image"
	"openmosix/internal/process/joint"
	"openmosix/internal/process/sole"

	"golang.org/x/sys/unix"
)

// KeyOf is the key of what a mapping shows.
func KeyOf(o *sole.Object) joint.Key { return joint.Key{Dev: o.Dev, Ino: o.Ino} }

// Shared is what a process has mapped that others may have, too, and that can be on several nodes. guard: who opens it
// by its name waits from then on.
func (g *Guards) Shared(fs procfs.FS, pid int, vmas []image.VMA, files []image.FileID, guard bool) ([]sole.Object, error) {
	var all []sole.Object
	for i := range files {
		if !files[i].Sole {
			continue
		}
		at := slices.IndexFunc(vmas, func(v image.VMA) bool { return v.Kind == image.Sole && v.File == uint32(i) })
		o := sole.Object{Range: vmas[at].Range, Dev: files[i].Dev, Ino: files[i].Ino, Name: files[i].Path}
		_, reachable, is, err := sole.Joinable(fs, pid, &o)
		if err == nil && is && reachable && guard {
			err = g.Guard(joint.KeyOf(&files[i]), Mapped(fs, pid, &o))
		}
		if err != nil {
			return nil, err
		}
		if is {
			all = append(all, o)
		}
	}
	return all, nil
}

// Parts is where a process has some objects mapped that are not served yet, and what of them is there.
func Parts(vmas []image.VMA, files []image.FileID, objects []sole.Object, served func(k joint.Key, r image.Range) bool) (parts []joint.Part, there []sole.Object) {
	for i := range vmas {
		v := &vmas[i]
		if v.Kind != image.Sole {
			continue
		}
		k := joint.KeyOf(&files[v.File])
		at := slices.IndexFunc(objects, func(o sole.Object) bool { return o.Dev == k.Dev && o.Ino == k.Ino })
		if at < 0 || served(k, v.Range) {
			continue
		}
		parts = append(parts, joint.Part{Range: v.Range, Key: k, Off: v.Off})
		o := objects[at]
		o.Range = v.Range
		there = append(there, o)
	}
	return parts, there
}

// Waiting tells which mappings of a process wait for pages by a userfaultfd.
func Waiting(fs procfs.FS, pid int) (map[image.Range]bool, error) {
	regions, err := fs.Smaps(pid)
	if err != nil {
		return nil, err
	}
	all := map[image.Range]bool{}
	for i := range regions {
		if r := &regions[i]; r.Shared && r.VMFlags.HasAny("um") {
			all[r.Range] = true
		}
	}
	return all, nil
}

// Mapped opens what a mapping of a process shows; os.ErrNotExist: another object, or none, is there by now.
func Mapped(fs procfs.FS, pid int, o *sole.Object) func() (*os.File, error) {
	return func() (*os.File, error) {
		file, err := os.OpenFile(fs.MapFile(pid, o.Range), os.O_RDWR, 0)
		if err != nil {
			return nil, err
		}
		var st unix.Stat_t
		if err = unix.Fstat(int(file.Fd()), &st); err == nil && !o.Is(&st) {
			err = fmt.Errorf("%s: %w", o.Name, os.ErrNotExist) // mapped there no more
		}
		if err != nil {
			_ = file.Close()
			return nil, err
		}
		if Sealed(file) {
			_ = file.Close()
			return nil, errors.New("memory that it shares is sealed")
		}
		return file, nil
	}
}

// Sealed tells of memory that it is not written to any more but by the mappings that there are.
func Sealed(file *os.File) bool {
	const sealed = unix.F_SEAL_WRITE | unix.F_SEAL_FUTURE_WRITE
	seals, err := unix.FcntlInt(file.Fd(), unix.F_GET_SEALS, 0)
	return err == nil && seals&sealed != 0
}
