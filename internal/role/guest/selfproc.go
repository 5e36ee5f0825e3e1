package guest

import (
	"bytes"
	"fmt"
	"os"

	"openmosix/internal/model/image"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// describeSelf makes the text of a /proc/self file that home cannot know. The
// deputy's own maps and memory figures are those of an empty shell.
func (b *body) describeSelf(name string) ([]byte, bool) {
	switch name {
	case "maps":
		return b.mapsText()
	case "statm", "smaps", "smaps_rollup", "limits", "auxv":
		text, err := os.ReadFile(b.Family.FS.Path(b.PID, name))
		return text, err == nil && name != "limits"
	}
	return nil, false
}

// mapsText is /proc/self/maps with the names the files have at home.
func (b *body) mapsText() ([]byte, bool) {
	vmas, files, err := b.Mappings(nil)
	if err != nil {
		return nil, false
	}
	home, err := b.g.homeFiles(files)
	if err != nil {
		return nil, false
	}
	var out bytes.Buffer
	for i := range vmas {
		v := &vmas[i]
		perm := []byte("---p")
		for bit, c := range map[uint8]int{image.ProtRead: 0, image.ProtWrite: 1, image.ProtExec: 2} {
			if v.Prot&bit != 0 {
				perm[c] = "rwx"[c]
			}
		}
		if v.Kind == image.SharedFile {
			perm[3] = 's'
		}
		var dev, ino uint64
		name := v.Name
		if v.Kind == image.File || v.Kind == image.SharedFile {
			f := home[v.File]
			dev, ino, name = f.Dev, f.Ino, f.Path
		}
		n, _ := fmt.Fprintf(&out, "%08x-%08x %s %08x %02x:%02x %d ", v.Start, v.End, perm, v.Off, unix.Major(dev), unix.Minor(dev), ino)
		if name != "" {
			const column = 73 // where the kernel puts the name
			for ; n < column; n++ {
				out.WriteByte(' ')
			}
			out.WriteString(name)
		}
		out.WriteByte('\n')
	}
	return out.Bytes(), true
}

// openText answers an open with a descriptor, at home, of a file that holds text.
func (s *strand) openText(p *pending, text []byte) {
	if !s.enter(p, true) {
		return
	}
	go func() {
		defer s.b.leave()
		ret := s.textDescriptor(p, text)
		p.rpc = nil
		s.finish(p, ret)
	}()
}

func (s *strand) textDescriptor(p *pending, text []byte) int64 {
	call := func(c *syscalls.Call) int64 {
		s.mu.Lock()
		p.serial = s.b.g.serial.Add(1)
		s.mu.Unlock()
		head := make([]byte, 17, 128)
		le.PutUint64(head, p.serial)
		return s.ask(p, wire.Call, c.Append(head)).ret
	}
	name := []byte("self\x00")
	fd := call(&syscalls.Call{Nr: unix.SYS_MEMFD_CREATE, Segs: []syscalls.Segment{{Arg: 0, In: name, Size: uint32(len(name))}}})
	if fd < 0 {
		return fd
	}
	if n := call(&syscalls.Call{Nr: unix.SYS_PWRITE64, Args: [6]uint64{uint64(fd), 0, uint64(len(text)), 0},
		Segs: []syscalls.Segment{{Arg: 1, In: text, Size: uint32(len(text))}}}); n < 0 {
		return n
	}
	return fd
}
