package deputy

import (
	"fmt"
	"os"
	"slices"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/stub"
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
	if status.Threads > stub.MaxSlots {
		return nil, fmt.Errorf("it has %d threads, and no more than %d can be away", status.Threads, stub.MaxSlots)
	}
	img.Comm, img.Umask = status.Name, status.Umask
	if status.NoHugePages {
		img.NoHugePages = 1
	}
	if p.Base == 0 { // a deputy's mappings are older than the process
		if err := p.LearnAttributes(); err != nil {
			return nil, err
		}
	}
	var files []image.FileID
	if img.VMAs, files, err = p.Mappings(nil); err != nil {
		return nil, err
	}
	if img.Guards, err = p.Guards(img.VMAs); err != nil {
		return nil, err
	}
	st, err := p.Family.FS.Stat(p.PID)
	if err != nil {
		return nil, err
	}
	img.Layout = st.Layout()
	p.closeHandles()
	img.Files = files
	img.VMAs, img.Files = withoutSole(img.VMAs, img.Files)
	p.identifyFiles(img)
	if v := tracee.VDSO(img.VMAs); len(v) == 1 {
		img.VDSO = make([]byte, v[0].Len())
		if p.Mem.Read(v[0].Start, img.VDSO) != nil { // it was there a moment ago
			return nil, errExecs
		}
	}
	p.clocks(img)
	img.CPUs, err = possibleCPUs()
	return img, err
}

// withoutSole leaves out what is claimed only when the process stands still.
func withoutSole(vmas []image.VMA, files []image.FileID) ([]image.VMA, []image.FileID) {
	var rest []image.FileID
	at := make([]uint32, len(files))
	for i := range files {
		at[i] = uint32(len(rest))
		if !files[i].Sole {
			rest = append(rest, files[i])
		}
	}
	vmas = slices.DeleteFunc(vmas, func(v image.VMA) bool { return v.Kind == image.Sole })
	for i := range vmas {
		if v := &vmas[i]; v.OfFile() {
			v.File = at[v.File]
		}
	}
	return vmas, rest
}

// handle is a mapped file, held open.
type handle struct {
	id   image.FileID
	file *os.File

	changed unix.Timespec // its inode, last
	settled bool          // that was long enough ago that another change shows
}

// settles is longer than the kernel's clock for files stands still: one tick, before Linux 6.13.
const settles = 50 * time.Millisecond

// isStill tells whether a file is what it was when it was identified.
func (h *handle) isStill() bool {
	var st unix.Stat_t
	err := unix.Fstat(int(h.file.Fd()), &st)
	return err == nil && h.settled && st.Ctim == h.changed && uint64(st.Size) == h.id.Size
}

// forgetChanged has a file identified anew if it has been changed since.
func (p *proc) forgetChanged(f *image.FileID) {
	p.handles = slices.DeleteFunc(p.handles, func(h *handle) bool {
		if h.id.Dev != f.Dev || h.id.Ino != f.Ino || h.isStill() {
			return false
		}
		_ = h.file.Close()
		return true
	})
}

// identifyFiles fills in what names the contents of an image's mapped files,
// and opens those that are not open yet. A file that cannot be looked at (its
// mapping went a moment ago) stays without a hash.
func (p *proc) identifyFiles(img *image.Image) {
	for i := range img.Files {
		f := &img.Files[i]
		if f.Sole {
			continue
		}
		if h := p.handleOf(f); h != nil {
			f.Size, f.ModTime, f.Hash = h.id.Size, h.id.ModTime, h.id.Hash
			continue
		}
		if h := p.openMapped(f, img.VMAs, uint32(i)); h != nil {
			p.handles = append(p.handles, h)
			f.Size, f.ModTime, f.Hash = h.id.Size, h.id.ModTime, h.id.Hash
		}
	}
}

// openMapped opens a mapped file by one of its mappings, whatever has become of its name.
func (p *proc) openMapped(f *image.FileID, vmas []image.VMA, index uint32) *handle {
	for i := range vmas {
		v := &vmas[i]
		if v.File != index || v.Kind != image.File && v.Kind != image.SharedFile {
			continue
		}
		file, err := os.Open(p.Family.FS.MapFile(p.PID, v.Range))
		if err != nil {
			continue
		}
		if h := p.s.identify(file, f.Path); h != nil && h.id.Ino == f.Ino {
			h.id.Dev = f.Dev // as the mappings name it
			return h
		}
		_ = file.Close()
	}
	return nil
}

// identify names an open file by its contents; nil: it cannot be looked at.
func (s *Supervisor) identify(file *os.File, path string) *handle {
	var st unix.Stat_t
	if unix.Fstat(int(file.Fd()), &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil
	}
	h := &handle{file: file, id: image.FileID{Path: path, Dev: st.Dev, Ino: st.Ino, Size: uint64(st.Size), ModTime: st.Mtim.Nano()}}
	h.changed, h.settled = st.Ctim, time.Since(time.Unix(st.Ctim.Unix())) > settles
	if sum, err := s.hash(file); err == nil {
		h.id.Hash = sum
	}
	return h
}

// handleOf finds an open file among those of the move and those that were
// mapped while the process was away.
func (p *proc) handleOf(f *image.FileID) *handle {
	for _, h := range p.handles {
		if h.id.Dev == f.Dev && h.id.Ino == f.Ino {
			return h
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.mapped {
		if h.id.Dev == f.Dev && h.id.Ino == f.Ino {
			return h
		}
	}
	return nil
}

// held finds or opens a mapped file for an image that comes from a guest side:
// among those that are open, or by a mapping that the deputy has of it.
func (p *proc) held(f *image.FileID) *os.File {
	if f.Sole {
		return soleOf(p.hasSoles(), f)
	}
	if h := p.handleOf(f); h != nil {
		return h.file
	}
	vmas, files, err := p.Mappings(nil)
	if err != nil {
		return nil
	}
	for i := range files {
		if files[i].Dev != f.Dev || files[i].Ino != f.Ino {
			continue
		}
		if h := p.openMapped(&files[i], vmas, uint32(i)); h != nil {
			p.handles = append(p.handles, h)
			return h.file
		}
	}
	return nil
}

// keepMapped holds a file open that the process maps while away: it may be
// moved in memory, and its name may go, before the process comes home.
func (p *proc) keepMapped(h *handle) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, k := range p.mapped {
		if k.id.Dev == h.id.Dev && k.id.Ino == h.id.Ino {
			_ = k.file.Close()
			p.mapped[i] = h
			return
		}
	}
	if len(p.mapped) >= maxMapped {
		_ = h.file.Close()
		return
	}
	p.mapped = append(p.mapped, h)
}

// maxMapped bounds the files held open for one process that is away.
const maxMapped = 512

func (p *proc) dropMapped() {
	p.unshow()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, h := range p.mapped {
		_ = h.file.Close()
	}
	p.mapped = nil
}

func (p *proc) closeHandles() {
	for _, h := range p.handles {
		_ = h.file.Close()
	}
	p.handles = nil
}

// need tells the other node what it takes to run this process.
func (p *proc) need(img *image.Image) supervisor.Need {
	n := supervisor.Need{}
	if st, err := p.Family.FS.Status(p.PID); err == nil {
		n.Memory, n.Threads = st.VmRSS+st.VmSwap, st.Threads
	}
	f := p.s.cpu
	n.CPU, n.XSave, n.XCR0 = f.Words[:], f.XSave, f.XCR0
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		n.Release = unix.ByteSliceToString(u.Release[:])
	}
	return n
}

// sendFiles sends the files the other node does not have: the mapped parts, and
// all of those it wants to keep.
func (p *proc) sendFiles(l *link, img *image.Image, m *wire.PreparedMsg) error {
	want := map[uint32]bool{}
	for _, i := range append(m.Lacking, m.Whole...) {
		if int(i) >= len(img.Files) {
			return fmt.Errorf("the other node asks for file %d of %d", i, len(img.Files))
		}
		want[i] = true
	}
	for _, i := range m.Whole {
		if h := p.handleOf(&img.Files[i]); h != nil && want[i] {
			want[i] = false
			if err := p.sendPart(l, h.file, wire.FilePart{File: i, Range: image.Range{End: h.id.Size}}); err != nil {
				return err
			}
		}
	}
	for i := range img.VMAs {
		v := &img.VMAs[i]
		if (v.Kind == image.File || v.Kind == image.SharedFile) && want[v.File] {
			h := p.handleOf(&img.Files[v.File])
			if h == nil {
				continue // unmapped a moment ago; if not, it will be asked for again
			}
			if err := p.sendPart(l, h.file, wire.FilePart{File: v.File, Range: image.Range{Start: v.Off, End: v.Off + v.Len()}}); err != nil {
				return err
			}
		}
	}
	return p.send(l, wire.File) // an empty one ends them
}

// supply answers what the other node lacks of the frozen image's files.
func (p *proc) supply(l *link, img *image.Image) error {
	f, err := p.expect(l, wire.Lacking)
	if err != nil {
		return err
	}
	var m wire.LackingMsg
	if err := wire.Decode(f.data, &m); err != nil {
		return err
	}
	if err := mayAsk(img, m.Parts); err != nil {
		return err
	}
	for _, part := range m.Parts {
		if int(part.File) >= len(img.Files) || part.Range.Start%image.PageSize != 0 || part.Range.Start > part.Range.End {
			return fmt.Errorf("the other node asks for a part of file %d of %d", part.File, len(img.Files))
		}
		id := &img.Files[part.File]
		file := p.held(id)
		if file == nil {
			return fail(supervisor.CannotMove, fmt.Sprintf("cannot read the mapped file %s", id.Path))
		}
		if err := p.sendPart(l, file, part); err != nil {
			return err
		}
	}
	return p.send(l, wire.File)
}

const fileChunk = 1 << 20

func (p *proc) sendPart(l *link, file *os.File, part wire.FilePart) error {
	buf := make([]byte, fileChunk)
	head := make([]byte, 12)
	for off := part.Range.Start; off < part.Range.End; off += fileChunk {
		n, _ := file.ReadAt(buf[:min(fileChunk, part.Range.End-off)], int64(off)) // short at the end of the file
		if n == 0 {
			return nil
		}
		le.PutUint32(head, part.File)
		le.PutUint64(head[4:], off)
		if err := p.send(l, wire.File, head, buf[:n]); err != nil {
			return err
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

// readClocks reads them, as nanoseconds.
func (p *proc) readClocks() (monotonic, boottime int64) {
	var at image.Image
	p.clocks(&at)
	return at.Monotonic, at.Boottime
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
