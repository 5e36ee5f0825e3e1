package guest

import (
	"bytes"
	"fmt"
	"os"

	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// ownFile opens a file of /proc that describes the caller itself: home has
// noticed that it would describe the deputy. What shows the memory itself can
// be opened only where that is.
func (s *strand) ownFile(p *pending, m wire.OwnFileMsg) {
	if tellsResidence[m.Name] { // what has not come yet would be left out
		_ = s.b.whole(never) // or it ends
	}
	text, ok := s.describe(&m)
	if !ok || len(text) > wire.MaxText {
		s.comeHome(p, "a file of /proc that shows its memory is opened at home")
		return
	}
	if !s.enter(p, true) {
		return
	}
	defer s.b.leave()
	s.mu.Lock()
	p.serial = s.b.g.serial.Add(1)
	s.mu.Unlock()
	r := s.ask(p, wire.Text, wire.Encode(wire.TextMsg{Serial: p.serial, Text: text, CloseOnExec: p.closesOnExec()}))
	s.asksNoMore(p)
	s.finish(p, r.ret)
}

// tellsResidence are the files that tell how much of its memory a process has.
var tellsResidence = map[string]bool{"status": true, "stat": true, "statm": true, "smaps": true, "smaps_rollup": true}

// closesOnExec tells whether an open asks for that.
func (p *pending) closesOnExec() bool {
	switch p.nr {
	case unix.SYS_OPEN:
		return p.args[1]&unix.O_CLOEXEC != 0
	case unix.SYS_OPENAT:
		return p.args[2]&unix.O_CLOEXEC != 0
	case unix.SYS_OPENAT2: // its flags are the first word of struct open_how
		for i := range p.call.Segs {
			if in := p.call.Segs[i].In; p.call.Segs[i].Arg == 2 && len(in) >= 8 {
				return le.Uint64(in)&unix.O_CLOEXEC != 0
			}
		}
	}
	return false
}

// describe makes the text of such a file.
func (s *strand) describe(m *wire.OwnFileMsg) ([]byte, bool) {
	b, of := s.b, s.b.g.strandByOwn(s.b.Own)
	path := b.Family.FS.Path(b.PID, m.Name)
	if m.TID != 0 {
		if of = b.g.strandByOwn(m.TID); of == nil || of.b != b {
			return nil, false
		}
		path = b.Family.FS.TaskPath(b.PID, of.t.TID, m.Name)
	}
	switch m.Name {
	case "maps":
		return b.mapsText()
	case "smaps", "smaps_rollup", "statm", "cmdline", "environ", "status", "stat":
	default:
		return nil, false
	}
	here, err := os.ReadFile(path)
	if err != nil {
		return nil, false
	}
	switch m.Name {
	case "smaps":
		return b.smapsText(here)
	case "statm":
		return statmText(here, b.overhead()), true
	case "status":
		return statusText(m.Text, here, b.overhead(), of == s), true
	case "stat":
		own := b.total()
		if m.TID != 0 {
			own = of.total()
		}
		children := usage{CPU: m.WaitedMicros * 1000, System: m.WaitedSystemMicros * 1000}
		return statText(m.Text, here, b.overhead(), own, children, of == s)
	}
	return here, true
}

// mapsText is /proc/self/maps with the names the files have at home.
func (b *body) mapsText() ([]byte, bool) {
	vmas, files, err := b.Mappings(nil)
	if err != nil {
		return nil, false
	}
	home, err := b.homeFiles(files)
	if err != nil {
		return nil, false
	}
	vmas = b.asAtHome(vmas)
	var out bytes.Buffer
	for i := range vmas {
		out.Write(mapsLine(&vmas[i], home))
	}
	return out.Bytes(), true
}

// mapsLine is a mapping as /proc/pid/maps shows it.
func mapsLine(v *image.VMA, home []image.FileID) []byte {
	perm := []byte("---p")
	for bit, c := range map[uint8]int{image.ProtRead: 0, image.ProtWrite: 1, image.ProtExec: 2} {
		if v.Prot&bit != 0 {
			perm[c] = "rwx"[c]
		}
	}
	if v.Kind == image.SharedFile || v.Kind == image.Sole {
		perm[3] = 's'
	}
	var dev, ino uint64
	name := v.Name
	if v.OfFile() {
		f := home[v.File]
		dev, ino, name = f.Dev, f.Ino, f.Path
	}
	line := fmt.Appendf(nil, "%08x-%08x %s %08x %02x:%02x %d ", v.Start, v.End, perm, v.Off, unix.Major(dev), unix.Minor(dev), ino)
	if name != "" {
		const column = 73 // where the kernel puts the name
		for len(line) < column {
			line = append(line, ' ')
		}
		line = append(line, name...)
	}
	return append(line, '\n')
}

// smapsText is the kernel's text with home's names, without what is the
// supervisor's.
func (b *body) smapsText(here []byte) ([]byte, bool) {
	vmas, files, err := b.Mappings(nil)
	if err != nil {
		return nil, false
	}
	home, err := b.homeFiles(files)
	if err != nil {
		return nil, false
	}
	byStart := map[uint64]*image.VMA{}
	for i := range vmas {
		byStart[vmas[i].Start] = &vmas[i]
	}
	var out bytes.Buffer
	skip := false
	for line := range bytes.Lines(here) {
		var start, end uint64
		if n, _ := fmt.Sscanf(string(line), "%x-%x ", &start, &end); n == 2 {
			v := byStart[start]
			if skip = v == nil || v.End != end; skip {
				skip = b.reserved(start, end-start)
			} else {
				line = mapsLine(v, home)
			}
		}
		if !skip {
			out.Write(line)
		}
	}
	return out.Bytes(), true
}
