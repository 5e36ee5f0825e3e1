package procfs

import (
	"bytes"
	"fmt"
)

// Status is what /proc/pid/status tells. Fields a kernel does not print stay
// zero; so do the memory fields of kernel threads and zombies.
type Status struct {
	Name      string
	State     byte // R S D T t Z X I, as in proc_pid_stat(5)
	Tgid      int
	Pid       int
	PPid      int
	TracerPid int
	Uid       [4]int // real, effective, saved, file system
	Gid       [4]int
	Groups    []int
	NSpid     []int // the pid in each namespace from this one inwards
	NSpgid    []int
	NSsid     []int
	Kthread   bool
	Threads   int
	Umask     uint32

	SigPnd, ShdPnd, SigBlk, SigIgn, SigCgt uint64
	Switches                               uint64 // how often the thread has waited
	CapPrm, CapEff                         uint64

	VmSize, VmHWM, VmRSS, VmSwap, VmLck, VmPin, HugetlbPages uint64 // bytes

	NoNewPrivs     bool
	Seccomp        int // 0 none, 1 strict, 2 filter
	SeccompFilters int
	CoreDumping    bool
	NoHugePages    bool     // prctl(2), PR_SET_THP_DISABLE
	ThreadFeatures []string // x86: shstk, wrss
}

// InnermostPid is the pid as the process itself sees it.
func (s *Status) InnermostPid() int {
	if n := len(s.NSpid); n > 0 {
		return s.NSpid[n-1]
	}
	return s.Pid
}

// Status of a process (of its leader, as far as threads differ).
func (f FS) Status(pid int) (*Status, error) {
	return parsed(f.Path(pid, "status"), little, ParseStatus)
}

// ThreadStatus is the status of one thread of a process.
func (f FS) ThreadStatus(pid, tid int) (*Status, error) {
	return parsed(f.TaskPath(pid, tid, "status"), little, ParseStatus)
}

// ParseStatus parses /proc/pid/status.
func ParseStatus(b []byte) (*Status, error) {
	s := new(Status)
	for len(b) > 0 {
		var l []byte
		l, b = line(b)
		key, value, found := bytes.Cut(l, []byte{':'})
		if !found {
			return nil, fmt.Errorf("line %q: %w", l, errFormat)
		}
		s.set(string(key), value)
	}
	if s.Pid == 0 || s.State == 0 {
		return nil, fmt.Errorf("status without pid or state: %w", errFormat)
	}
	return s, nil
}

func (s *Status) set(key string, value []byte) {
	switch key {
	case "Name":
		s.Name = unescapeName(bytes.TrimPrefix(value, []byte{'\t'}))
	case "State":
		if word, _ := field(value); len(word) > 0 {
			s.State = word[0]
		}
	case "Tgid":
		s.Tgid = first(value)
	case "Pid":
		s.Pid = first(value)
	case "PPid":
		s.PPid = first(value)
	case "TracerPid":
		s.TracerPid = first(value)
	case "Uid":
		copy(s.Uid[:], integers(value))
	case "Gid":
		copy(s.Gid[:], integers(value))
	case "Groups":
		s.Groups = integers(value)
	case "NSpid":
		s.NSpid = integers(value)
	case "NSpgid":
		s.NSpgid = integers(value)
	case "NSsid":
		s.NSsid = integers(value)
	case "Kthread":
		s.Kthread = first(value) != 0
	case "Threads":
		s.Threads = first(value)
	case "Umask":
		s.Umask = uint32(word64(value, 8))
	case "NoNewPrivs":
		s.NoNewPrivs = first(value) != 0
	case "Seccomp":
		s.Seccomp = first(value)
	case "Seccomp_filters":
		s.SeccompFilters = first(value)
	case "THP_enabled":
		s.NoHugePages = first(value) == 0
	case "CoreDumping":
		s.CoreDumping = first(value) != 0
	case "x86_Thread_features":
		for _, word := range bytes.Fields(value) {
			s.ThreadFeatures = append(s.ThreadFeatures, string(word))
		}
	default:
		s.setNumber(key, value)
	}
}

// setNumber covers the signal sets, capabilities and sizes.
func (s *Status) setNumber(key string, value []byte) {
	switch key {
	case "SigPnd":
		s.SigPnd = word64(value, 16)
	case "ShdPnd":
		s.ShdPnd = word64(value, 16)
	case "SigBlk":
		s.SigBlk = word64(value, 16)
	case "SigIgn":
		s.SigIgn = word64(value, 16)
	case "SigCgt":
		s.SigCgt = word64(value, 16)
	case "voluntary_ctxt_switches":
		s.Switches = word64(value, 10)
	case "CapPrm":
		s.CapPrm = word64(value, 16)
	case "CapEff":
		s.CapEff = word64(value, 16)
	case "VmSize":
		s.VmSize = kilobytes(value)
	case "VmHWM":
		s.VmHWM = kilobytes(value)
	case "VmRSS":
		s.VmRSS = kilobytes(value)
	case "VmSwap":
		s.VmSwap = kilobytes(value)
	case "VmLck":
		s.VmLck = kilobytes(value)
	case "VmPin":
		s.VmPin = kilobytes(value)
	case "HugetlbPages":
		s.HugetlbPages = kilobytes(value)
	}
}

func word64(value []byte, base int) uint64 {
	word, _ := field(value)
	n, _ := number(word, base)
	return n
}

// unescapeName undoes what the kernel does to newline and backslash in a name.
func unescapeName(b []byte) string {
	if bytes.IndexByte(b, '\\') < 0 {
		return string(b)
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) {
			switch b[i+1] {
			case 'n':
				out = append(out, '\n')
				i++
				continue
			case '\\':
				out = append(out, '\\')
				i++
				continue
			}
		}
		out = append(out, b[i])
	}
	return string(out)
}
