package deputy

import (
	"openmosix/internal/process/tracers"

	"golang.org/x/sys/unix"
)

// knownTracers remembers which programs trace others, or have themselves traced. Of the tracing thread.
type knownTracers struct{ known map[programFile]bool }

// programFile is a program as it was when it was looked at.
type programFile struct {
	dev, ino uint64
	size     int64
	changed  unix.Timespec
}

// maxPrograms bounds what is remembered.
const maxPrograms = 1024

// is tells whether the program that a process has just executed is such a one. Tracing thread.
func (k *knownTracers) is(p *proc) bool {
	path := p.Family.FS.Path(p.PID, "exe")
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return false // it is ending
	}
	file := programFile{dev: st.Dev, ino: st.Ino, size: st.Size, changed: st.Ctim}
	is, known := k.known[file]
	if !known {
		is = tracers.Is(path)
		if k.known == nil || len(k.known) >= maxPrograms {
			k.known = map[programFile]bool{}
		}
		k.known[file] = is
	}
	return is
}
