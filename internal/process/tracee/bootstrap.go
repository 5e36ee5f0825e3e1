package tracee

import (
	"errors"
	"fmt"

	"openmosix/internal/linux/pidfd"
	"openmosix/internal/model/image"
	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

// Bootstrap maps the stub and its slots into the process, by injected calls in
// t, whose registers and mask are as before afterwards. The thread must be
// stopped and held, with all signals blocked; afterwards it is in a system call stop.
func (h *Hold) Bootstrap(t *Thread, base uint64, ip uint64) (err error) {
	p := h.Proc
	do := func(what string, nr int, args ...uint64) (int64, error) {
		r, err := h.Inject(t, ip, nr, args...)
		if err == nil && r < 0 && r > -4096 {
			err = fmt.Errorf("%s in process %d: %w", what, p.PID, unix.Errno(-r))
		}
		return r, err
	}
	before, err := p.Family.FS.Status(p.PID)
	if err != nil {
		return err
	}
	fixed := uint64(unix.MAP_PRIVATE | unix.MAP_ANONYMOUS | unix.MAP_FIXED_NOREPLACE)
	_, err = do("map the deputy's code", unix.SYS_MMAP, base, 4096, unix.PROT_READ|unix.PROT_EXEC, fixed, ^uint64(0), 0)
	if errors.Is(err, unix.EAGAIN) { // mmap(2): more than may be locked
		return ErrLockLimit
	}
	if err != nil {
		return noRoom(err)
	}
	defer func() {
		if err != nil { // or it would count as the program's
			_, _ = do("unmap the deputy's code", unix.SYS_MUNMAP, base, 4096)
		}
	}()
	after, err := p.Family.FS.Status(p.PID)
	if err != nil {
		return err
	}
	if p.LocksNew, err = p.lockingNew(image.Range{Start: base, End: base + 4096}, after.VmLck-min(before.VmLck, after.VmLck)); err != nil {
		return err
	}
	if p.LocksNew != 0 {
		if err := h.mayCall(lockCalls...); err != nil {
			return err
		}
	}
	const nameOff = 0x800
	code := make([]byte, nameOff, nameOff+16)
	copy(code, p.Family.Blob.Bytes)
	code = append(code, "openmosix\x00"...)
	if err := p.Forced().Write(base, code); err != nil {
		return err
	}
	fd, err := do("make shared memory", unix.SYS_MEMFD_CREATE, base+nameOff, stub.MemoryFlags)
	if err != nil {
		return err
	}
	defer func() { _, _ = do("close", unix.SYS_CLOSE, uint64(fd)) }()
	ours, err := Borrow(p.PID, int(fd))
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(ours) }()
	region, err := stub.NewRegion(base, ours) // which sizes it: the process's own limit on file sizes is not about this
	if err != nil {
		return err
	}
	err = p.mapSlots(do, base, uint64(fd))
	if err != nil {
		region.Close()
		return noRoom(err)
	}
	p.Base = base
	p.Slots = newSlots(region)
	return nil
}

// ErrNoRoom: the process may not map what its supervisor needs in it.
var ErrNoRoom = errors.New("its limit on address space (ulimit -v) leaves no room for what openMosix maps in it, and this node may not pass a hard limit " +
	"(it lacks CAP_SYS_RESOURCE): start it with a soft limit alone (ulimit -S -v)")

func noRoom(err error) error {
	if errors.Is(err, unix.ENOMEM) {
		return ErrNoRoom
	}
	return err
}

// Borrow copies a descriptor of a process we trace.
func Borrow(pid, fd int) (int, error) {
	p, err := pidfd.Open(pid)
	if err != nil {
		return -1, err
	}
	defer func() { _ = p.Close() }()
	return p.GetFD(fd)
}
