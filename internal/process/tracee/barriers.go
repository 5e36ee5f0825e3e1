package tracee

import (
	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// getRegistrations is MEMBARRIER_CMD_GET_REGISTRATIONS, since Linux 6.3.
const getRegistrations = 1 << 9

// CaptureBarriers asks a parked thread for which barriers its process is registered: membarrier(2) fails for who is not, and
// runtimes that were registered once take that for impossible. A kernel that does not tell leaves what is known.
func (t *Thread) CaptureBarriers(img *image.Image) error {
	have, err := t.Call(unix.SYS_MEMBARRIER, getRegistrations, 0, 0)
	if err != nil {
		return err
	}
	if have >= 0 {
		img.Barriers = uint32(have) & image.AllBarriers
	} else {
		img.Barriers |= image.BarrierPrivate
	}
	return nil
}

// RestoreBarriers registers the process for what the image says. Which of that a kernel has not, it does not say.
func (t *Thread) RestoreBarriers(img *image.Image) error {
	want := img.Barriers & image.AllBarriers
	if want == 0 {
		return nil
	}
	have, err := t.Call(unix.SYS_MEMBARRIER, getRegistrations, 0, 0)
	if err != nil {
		return err
	}
	if have > 0 {
		want &^= uint32(have)
	}
	for one := uint32(1); one <= want; one <<= 1 {
		if want&one == 0 {
			continue
		}
		if _, err := t.Call(unix.SYS_MEMBARRIER, uint64(one), 0, 0); err != nil {
			return err
		}
	}
	return nil
}
