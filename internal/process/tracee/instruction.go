package tracee

import (
	"bytes"
	"fmt"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/image"
)

var syscallInstruction = []byte{0x0f, 0x05}

// callInstruction finds a system call instruction in the process: in its vDSO, or, as a program
// may unmap that (valgrind does), in a file's code, which it cannot write. It need not be one of
// the program's own: the two bytes in the middle of others do as well.
func (p *Process) callInstruction() (uint64, error) {
	ms, err := p.Family.FS.Maps(p.PID)
	if err != nil {
		return 0, err
	}
	for _, suits := range []func(*procfs.Mapping) bool{
		func(m *procfs.Mapping) bool { return m.Name == "[vdso]" },
		func(m *procfs.Mapping) bool {
			return m.Ino != 0 && !m.Shared && m.Prot == image.ProtRead|image.ProtExec
		},
	} {
		for i := range ms {
			if !suits(&ms[i]) {
				continue
			}
			at, e := p.find(syscallInstruction, ms[i].Range)
			if at != 0 {
				return at, nil
			}
			if e != nil && err == nil {
				err = e // a file may have become shorter than what is mapped of it
			}
		}
	}
	if err != nil {
		return 0, err
	}
	return 0, fmt.Errorf("process %d has neither a vDSO nor code of a file to make calls with", p.PID)
}

// find is where in a range of the process's memory these bytes are first; 0 if nowhere.
func (p *Process) find(what []byte, in image.Range) (uint64, error) {
	b := make([]byte, 16*image.PageSize)
	for at := in.Start; at+uint64(len(what)) <= in.End; at += uint64(len(b) - len(what) + 1) {
		b = b[:min(uint64(len(b)), in.End-at)]
		if err := p.Forced().Read(at, b); err != nil {
			return 0, err
		}
		if i := bytes.Index(b, what); i >= 0 {
			return at + uint64(i), nil
		}
	}
	return 0, nil
}
