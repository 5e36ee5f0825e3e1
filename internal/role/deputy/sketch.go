package deputy

import (
	"fmt"
	"os"
	"time"

	"openmosix/internal/linux/cpu"
	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

type tracedThread = tracee.Thread

func pause() { time.Sleep(5 * time.Millisecond) }

// sketch is the image of a running process as far as it can be seen from
// outside: enough to build the body before anything stands still.
func (p *proc) sketch() (*image.Image, error) {
	img := &image.Image{PID: p.Own}
	status, err := p.Family.FS.Status(p.PID)
	if err != nil {
		return nil, err
	}
	img.Comm, img.Umask = status.Name, status.Umask
	var files []image.FileID
	if img.VMAs, files, err = tracee.Mappings(p.Family.FS, p.PID, p.Base, nil); err != nil {
		return nil, err
	}
	st, err := p.Family.FS.Stat(p.PID)
	if err != nil {
		return nil, err
	}
	img.Layout = st.Layout()
	p.closeHandles()
	img.Files = files
	p.identifyFiles(img)
	if v := tracee.VDSO(img.VMAs); len(v) == 1 {
		img.VDSO = make([]byte, v[0].Len())
		if err := p.Mem.Read(v[0].Start, img.VDSO); err != nil {
			return nil, err
		}
	}
	p.clocks(img)
	img.CPUs, err = possibleCPUs()
	return img, err
}

// identifyFiles names the files of an image that have no handle yet. The
// handles stay open for the time of the move: the mappings may change.
func (p *proc) identifyFiles(img *image.Image) {
	for i := len(p.handles); i < len(img.Files); i++ {
		p.handles = append(p.handles, p.identify(&img.Files[i], img.VMAs, uint32(i)))
	}
}

// identify fills in what names a mapped file's contents and opens it. A file
// that cannot be looked at stays without a hash and a handle.
func (p *proc) identify(f *image.FileID, vmas []image.VMA, index uint32) *os.File {
	for i := range vmas {
		v := &vmas[i]
		if v.File != index || v.Kind != image.File && v.Kind != image.SharedFile {
			continue
		}
		h, err := os.Open(p.Family.FS.MapFile(p.PID, v.Range))
		if err != nil {
			continue
		}
		var st unix.Stat_t
		if unix.Fstat(int(h.Fd()), &st) != nil {
			_ = h.Close()
			return nil
		}
		f.Size, f.ModTime = uint64(st.Size), st.Mtim.Nano()
		if sum, err := p.s.hash(h); err == nil {
			f.Hash = sum
		}
		return h
	}
	return nil
}

func (p *proc) closeHandles() {
	for _, h := range p.handles {
		if h != nil {
			_ = h.Close()
		}
	}
	p.handles = nil
}

// need tells the other node what it takes to run this process.
func (p *proc) need(img *image.Image) supervisor.Need {
	n := supervisor.Need{}
	if st, err := p.Family.FS.Status(p.PID); err == nil {
		n.Memory, n.Threads = st.VmRSS+st.VmSwap, st.Threads
	}
	f := cpu.Local()
	n.CPU, n.XSave, n.XCR0 = f.Words[:], f.XSave, f.XCR0
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		n.Release = unix.ByteSliceToString(u.Release[:])
	}
	return n
}

// sendFiles sends the mapped parts of files the other node does not have.
func (p *proc) sendFiles(l *link, img *image.Image, lacking []uint32) error {
	want := map[uint32]bool{}
	for _, i := range lacking {
		if int(i) >= len(img.Files) {
			return fmt.Errorf("the other node asks for file %d of %d", i, len(img.Files))
		}
		want[i] = true
	}
	for i := range img.VMAs {
		v := &img.VMAs[i]
		if (v.Kind == image.File || v.Kind == image.SharedFile) && want[v.File] {
			if err := p.sendMapping(l, v); err != nil {
				return err
			}
		}
	}
	return l.send(wire.File, p.Own) // an empty one ends them
}

const fileChunk = 1 << 20

func (p *proc) sendMapping(l *link, v *image.VMA) error {
	f := p.handles[v.File]
	if f == nil {
		return fail(supervisor.CannotMove, fmt.Sprintf("cannot read the mapped file %s", v.Name))
	}
	buf := make([]byte, fileChunk)
	var head [12]byte
	for off := uint64(0); off < v.Len(); off += fileChunk {
		n, _ := f.ReadAt(buf[:min(fileChunk, v.Len()-off)], int64(v.Off+off)) // short at the end of the file
		if n == 0 {
			return nil
		}
		le.PutUint32(head[:], v.File)
		le.PutUint64(head[4:], v.Off+off)
		if err := l.send(wire.File, p.Own, head[:], buf[:n]); err != nil {
			return fail(supervisor.Unreachable, err.Error())
		}
	}
	return nil
}

// clocks reads the process's clocks, which may be ahead of the machine's.
func (p *proc) clocks(img *image.Image) {
	var m, b unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &m)
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &b)
	img.Monotonic, img.Boottime = m.Nano(), b.Nano()
	ours, err := p.Family.FS.TimeOffsets(unix.Getpid())
	if err != nil {
		return // a kernel without time namespaces
	}
	theirs, err := p.Family.FS.TimeOffsets(p.PID)
	if err != nil {
		return
	}
	img.Monotonic += theirs.Monotonic - ours.Monotonic
	img.Boottime += theirs.Boottime - ours.Boottime
	img.MonotonicAhead, img.BoottimeAhead, img.BootID = theirs.Monotonic, theirs.Boottime, p.Family.FS.BootID()
}

// possibleCPUs is how many CPU numbers a program at home may meet.
func possibleCPUs() (int, error) {
	b, err := os.ReadFile("/sys/devices/system/cpu/possible")
	if err != nil {
		return 0, err
	}
	var lo, hi int
	if n, _ := fmt.Sscanf(string(b), "%d-%d", &lo, &hi); n == 2 {
		return hi + 1, nil
	}
	return lo + 1, nil
}
