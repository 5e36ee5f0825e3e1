package deputy

import (
	"fmt"
	"os"

	"openmosix/internal/model/image"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/stub"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// mapFile says which file a descriptor of the process shows, so that the guest
// side can find it among its own. The mapping itself comes as an ordinary call.
func (d *deputy) mapFile(j job) {
	var m wire.MapFileMsg
	if err := wire.Decode(j.data, &m); err != nil {
		j.link.complain("undecodable question about a file", "error", err)
		return
	}
	out, errno := d.identify(&m)
	if errno != 0 {
		d.reply(j, m.Serial, -int64(errno), nil)
		return
	}
	d.foretell(j, d.noteMapping(&m), nil)
	d.reply(j, m.Serial, 0, [][]byte{wire.Encode(*out)})
}

// mapping repeats a mapping that the guest's thread has made, at the same place.
func (d *deputy) mapping(j job) {
	defer d.behinds.Add(-1)
	if len(j.data) < 8 {
		j.link.complain("bad word of a mapping", "thread", d.t.Own)
		return
	}
	c, err := syscalls.DecodeCall(j.data[8:])
	if err != nil || c.Nr != unix.SYS_MMAP || d.p.reserved(c.Args[0], c.Args[1]) || !syscalls.MayForward(c.Nr, c.Args) {
		j.link.complain("bad word of a mapping", "thread", d.t.Own, "error", err)
		return
	}
	at := le.Uint64(j.data)
	d.p.limits.Lock()
	defer d.p.limits.Unlock()
	var ret int64
	err = d.p.Unlimited(func() error { // the guest's kernel has applied its limits
		ret, err = d.t.Call(c.Nr, c.Args[:]...)
		return err
	})
	if d.t.Alive() && (err != nil || uint64(ret) != at) {
		d.p.s.log.Warn("a mapping differs at home", "at", at, "result", ret, "error", err)
	}
}

// reserved tells whether a range touches what the supervisor has mapped in the deputy.
func (p *proc) reserved(at, length uint64) bool {
	end := at + length
	return end < at || stub.Touches(p.Base, at, end)
}

// identify tells which file a descriptor shows. This supervisor may open what the process
// may not read: so it looks at the description that the process has, whatever its
// number stands for a moment later, and opens the file only if that can be read.
func (d *deputy) identify(m *wire.MapFileMsg) (*wire.MappedMsg, unix.Errno) {
	own, err := tracee.Borrow(d.p.PID, m.FD)
	if err != nil {
		return nil, unix.EBADF
	}
	defer func() { _ = unix.Close(own) }()
	flags, err := unix.FcntlInt(uintptr(own), unix.F_GETFL, 0)
	var st unix.Stat_t
	if err != nil || flags&unix.O_PATH != 0 || unix.Fstat(own, &st) != nil {
		return nil, unix.EBADF
	}
	out := &wire.MappedMsg{Regular: st.Mode&unix.S_IFMT == unix.S_IFREG}
	var fs unix.Statfs_t
	if unix.Fstatfs(own, &fs) == nil && fs.Type == unix.HUGETLBFS_MAGIC {
		out.Regular = false // its mappings are of another kind
	}
	if !out.Regular {
		return out, 0
	}
	if flags&unix.O_ACCMODE == unix.O_WRONLY {
		return nil, unix.EACCES
	}
	path := fmt.Sprintf("/proc/self/fd/%d", own)
	buf := make([]byte, unix.PathMax)
	if n, err := unix.Readlink(path, buf); err == nil {
		out.File.Path = string(buf[:n])
	}
	// Held first, then named by what is in it.
	shared := m.Shared || image.Outreaches(m.Off, m.Len, uint64(st.Size))
	out.Writable = flags&unix.O_ACCMODE == unix.O_RDWR || shared && !d.p.showsMore(own, out.File.Path, &st)
	if f, err := os.Open(path); err == nil {
		if h := d.p.s.identify(f, out.File.Path); h != nil {
			out.File = h.id
			d.p.keepMapped(h)
		} else {
			_ = f.Close()
		}
	}
	if out.File.Ino == 0 {
		out.Regular = false // it cannot be read by name: let it be mapped at home
		return out, 0
	}
	return out, 0
}
