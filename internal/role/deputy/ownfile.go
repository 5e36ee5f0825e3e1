package deputy

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// Files in /proc that describe a process's memory, or what it has used, show
// the deputy here. When the process has opened one of its own, by whatever
// path, the descriptor is closed again and the guest side is told: it knows what
// is true.

// ownFiles are these files; true: home's part of the text is needed as well.
var ownFiles = map[string]bool{
	"status": true, "stat": true,
	"maps": false, "smaps": false, "smaps_rollup": false, "statm": false, "cmdline": false, "environ": false,
	"mem": false, "pagemap": false, "numa_maps": false, "clear_refs": false,
}

// ownFile looks at what a call has opened. nil: it may stay open.
func (d *deputy) ownFile(c *syscalls.Call, fd int64) *wire.OwnFileMsg {
	switch c.Nr {
	case unix.SYS_OPEN, unix.SYS_OPENAT, unix.SYS_OPENAT2, unix.SYS_CREAT:
	default:
		return nil
	}
	if fd < 0 {
		return nil
	}
	link := d.p.Family.FS.Path(d.p.PID, "fd/"+strconv.FormatInt(fd, 10))
	var buf [unix.PathMax]byte
	n, err := unix.Readlink(link, buf[:])
	if err != nil {
		return nil
	}
	path := string(buf[:n])
	fromHome, ok := ownFiles[filepath.Base(path)]
	if !ok {
		return nil
	}
	var fs unix.Statfs_t
	if unix.Statfs(link, &fs) != nil || fs.Type != unix.PROC_SUPER_MAGIC {
		return nil
	}
	waited := d.p.waitedFor()
	m := &wire.OwnFileMsg{Name: filepath.Base(path), WaitedMicros: waited.cpu, WaitedSystemMicros: waited.system}
	if m.TID, ok = d.p.names(path); !ok {
		return nil
	}
	ours, err := tracee.Borrow(d.p.PID, int(fd))
	if err != nil {
		return nil
	}
	defer func() { _ = unix.Close(ours) }()
	flags, err := unix.FcntlInt(uintptr(ours), unix.F_GETFL, 0)
	if err != nil || flags&unix.O_PATH != 0 {
		return nil // it opens nothing
	}
	if fromHome {
		text := make([]byte, wire.MaxOwnText)
		n, err := unix.Pread(ours, text, 0)
		if err != nil {
			return nil
		}
		m.Text = text[:n]
	}
	if _, err := d.t.Call(unix.SYS_CLOSE, uint64(fd)); err != nil {
		return nil
	}
	return m
}

// names tells whether a path in some procfs is of this process, whose number
// depends on whose procfs it is; and of which thread, if of one.
func (p *proc) names(path string) (tid int, ok bool) {
	parts := strings.Split(path, "/")
	parts = parts[:len(parts)-1]
	numbered := func(s string, of func(pid int) bool) (int, bool) {
		n, err := strconv.Atoi(s)
		return n, err == nil && of(n)
	}
	if n := len(parts); n >= 3 && parts[n-2] == "task" {
		for _, t := range p.Threads() {
			st, err := p.Family.FS.ThreadStatus(p.PID, t.TID)
			if err != nil {
				continue
			}
			if _, is := numbered(parts[n-1], func(n int) bool { return slices.Contains(st.NSpid, n) }); is {
				tid = t.Own
			}
		}
		if tid == 0 {
			return 0, false
		}
		parts = parts[:n-2]
	}
	st, err := p.Family.FS.Status(p.PID)
	if err != nil || len(parts) == 0 {
		return 0, false
	}
	_, ok = numbered(parts[len(parts)-1], func(n int) bool { return slices.Contains(st.NSpid, n) })
	return tid, ok
}

// text gives the process a descriptor of a file that holds a text. It is not
// the process that writes it: its limit on file sizes is not about this.
func (d *deputy) text(j job) {
	var m wire.TextMsg
	if err := wire.Decode(j.data, &m); err != nil || len(m.Text) > wire.MaxText {
		j.link.complain("undecodable text", "error", err)
		return
	}
	d.reply(j, m.Serial, d.describe(&m), nil)
}

func (d *deputy) describe(m *wire.TextMsg) int64 {
	flags := uint64(0)
	if m.CloseOnExec {
		flags = unix.MFD_CLOEXEC
	}
	fd, err := d.t.Call(unix.SYS_MEMFD_CREATE, d.t.Put(0, []byte("proc\x00")), flags)
	if err != nil || fd < 0 {
		return fd
	}
	ours, err := tracee.Borrow(d.p.PID, int(fd))
	if err == nil {
		_, err = unix.Pwrite(ours, m.Text, 0)
		_ = unix.Close(ours)
	}
	if err != nil {
		d.p.s.log.Warn("text for a process", "pid", d.p.PID, "error", err)
		_, _ = d.t.Call(unix.SYS_CLOSE, uint64(fd))
		return -int64(unix.ENOMEM)
	}
	return fd
}
