package tracee

import (
	"os"

	"openmosix/internal/model/image"
	"openmosix/internal/model/layout"

	"golang.org/x/sys/unix"
)

// UnmapSole unmaps what the parked process has of its own (image.Sole), so that the kernel can
// tell whether anybody else has it.
func (t *Thread) UnmapSole(vmas []image.VMA, files []image.FileID) error {
	for i := range vmas {
		if v := &vmas[i]; alone(v, files) {
			if _, err := t.Must("munmap", unix.SYS_MUNMAP, v.Start, v.Len()); err != nil {
				return err
			}
		}
	}
	return nil
}

func alone(v *image.VMA, files []image.FileID) bool {
	return v.Kind == image.Sole && !files[v.File].Joint
}

// MapSole undoes UnmapSole. own is a descriptor that the process has itself, or negative (OwnDescriptor).
func (t *Thread) MapSole(vmas []image.VMA, files []image.FileID, file func(i uint32) (f *os.File, own int)) error {
	for i := range vmas {
		v := vmas[i]
		if !alone(&v, files) {
			continue
		}
		f, fd := file(v.File)
		passed := fd < 0
		if passed {
			var err error
			if fd, err = t.Pass(f); err != nil {
				return err
			}
		}
		err := t.Apply([]layout.Op{{Range: v.Range, Action: layout.Map, VMA: v}}, func(uint32) (int, error) { return fd, nil })
		if err == nil {
			err = t.asLocked(v)
		}
		if passed {
			if _, e := t.Must("close", unix.SYS_CLOSE, uint64(fd)); err == nil {
				err = e
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}
