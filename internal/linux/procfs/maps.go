package procfs

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"

	"openmosix/internal/model/image"
)

// Mapping is one line of /proc/pid/maps.
type Mapping struct {
	image.Range
	Prot   uint8 // image.ProtRead | …
	Shared bool
	Off    uint64
	// Dev is the device as unix.Mkdev encodes it, comparable to stat(2). On
	// file systems that stack on others (overlayfs, btrfs) maps and stat may
	// name different devices for one file.
	Dev uint64
	Ino uint64
	// Name as the kernel prints it, without " (deleted)" and with \012 turned
	// back into a newline. The kernel escapes no backslash, so a name that
	// itself contains \012 is ambiguous; MapFile is the file beyond doubt.
	Name    string
	Deleted bool
	Special bool // [vvar], [vvar_vclock], [vdso]: the kernel's own pages
}

var (
	deleted   = []byte(" (deleted)")
	vsyscall  = []byte("[vsyscall]")
	errFormat = errors.New("unknown format")
)

// ParseMaps parses /proc/pid/maps. [vsyscall] is left out: it belongs to the
// kernel half of the address space and is the same in every process.
func ParseMaps(b []byte) ([]Mapping, error) {
	all := make([]Mapping, 0, bytes.Count(b, []byte{'\n'}))
	for len(b) > 0 {
		var l []byte
		l, b = line(b)
		m, ok := parseMapping(l)
		if !ok {
			return nil, fmt.Errorf("mapping %q: %w", l, errFormat)
		}
		if m.Name != string(vsyscall) {
			all = append(all, m)
		}
	}
	return all, nil
}

// Maps returns the memory map of a process, ascending.
func (f FS) Maps(pid int) ([]Mapping, error) {
	return settled(func() ([]Mapping, error) { return parsed(f.Path(pid, "maps"), much, ParseMaps) },
		func(m *Mapping) *Mapping { return m })
}

// mostReadings bounds how often mappings are read that change meanwhile.
const mostReadings = 16

// settled reads mappings until none overlaps the one before. The kernel holds no lock from one to the
// next: of a process that runs, one that has grown meanwhile may begin before the end of the last. If
// it never stands still, the part that was told first counts as the first one's.
func settled[T any](read func() ([]T, error), of func(*T) *Mapping) ([]T, error) {
	for readings := 1; ; readings++ {
		all, err := read()
		if err != nil {
			return nil, err
		}
		kept, end := all[:0], uint64(0)
		overlap := false
		for i := range all {
			m := of(&all[i])
			if m.Start < end {
				overlap = true
				if m.Ino != 0 {
					m.Off += end - m.Start
				}
				m.Start = end
			}
			if m.Start < m.End {
				kept = append(kept, all[i])
				end = m.End
			}
		}
		if !overlap || readings == mostReadings {
			return kept, nil
		}
	}
}

// MapFile names the link to the very file behind a mapping, also when the name
// in maps is gone or means another file by now. Opening it needs
// CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN.
func (f FS) MapFile(pid int, r image.Range) string {
	return f.Path(pid, "map_files/"+strconv.FormatUint(r.Start, 16)+"-"+strconv.FormatUint(r.End, 16))
}

// parseMapping parses "start-end perms off major:minor inode   name".
func parseMapping(l []byte) (m Mapping, ok bool) {
	word, l := field(l)
	low, high, found := bytes.Cut(word, []byte{'-'})
	start, ok1 := number(low, 16)
	end, ok2 := number(high, 16)
	if !found || !ok1 || !ok2 || start >= end {
		return m, false
	}
	m.Range = image.Range{Start: start, End: end}

	perms, l := field(l)
	if len(perms) != 4 {
		return m, false
	}
	for i, bit := range []uint8{image.ProtRead, image.ProtWrite, image.ProtExec} {
		if perms[i] != '-' {
			m.Prot |= bit
		}
	}
	m.Shared = perms[3] == 's'

	word, l = field(l)
	if m.Off, ok = number(word, 16); !ok {
		return m, false
	}
	word, l = field(l)
	major, minor, found := bytes.Cut(word, []byte{':'})
	hi, ok1 := number(major, 16)
	lo, ok2 := number(minor, 16)
	if !found || !ok1 || !ok2 || hi > 1<<32-1 || lo > 1<<32-1 {
		return m, false
	}
	m.Dev = unix.Mkdev(uint32(hi), uint32(lo))
	word, l = field(l)
	if m.Ino, ok = number(word, 10); !ok {
		return m, false
	}
	m.setName(bytes.TrimLeft(l, " \t"))
	return m, true
}

func (m *Mapping) setName(name []byte) {
	// Only files are marked; an anonymous mapping may have been given any name.
	if m.Ino != 0 {
		name, m.Deleted = bytes.CutSuffix(name, deleted)
	}
	if bytes.Contains(name, []byte(`\012`)) {
		name = bytes.ReplaceAll(name, []byte(`\012`), []byte{'\n'})
	}
	m.Name = string(name)
	switch m.Name {
	case "[vvar]", "[vvar_vclock]", "[vdso]":
		m.Special = m.Ino == 0
	}
}
