package procfs

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"openmosix/internal/model/image"
)

// Stat is what /proc/pid/stat tells; times are in clock ticks. Addresses are
// zero for a reader who may not trace the process.
type Stat struct {
	Pid        int
	Comm       string // any bytes, parentheses and newlines included
	State      byte
	PPid       int
	Pgrp       int
	Session    int
	TTY        int
	Tpgid      int
	Flags      uint64 // PF_… of the kernel
	MinFlt     uint64
	MajFlt     uint64
	UTime      uint64
	STime      uint64
	CUTime     uint64
	CSTime     uint64
	Priority   int
	Nice       int
	NumThreads int
	StartTime  uint64 // since boot; with Pid it names a process for ever
	VSize      uint64 // bytes
	RSS        uint64 // pages
	KstkESP    uint64
	KstkEIP    uint64
	ExitSignal int
	Processor  int
	RTPriority int
	Policy     int
	ExitCode   int

	StartCode, EndCode, StartStack uint64
	StartData, EndData, StartBrk   uint64
	ArgStart, ArgEnd               uint64
	EnvStart, EnvEnd               uint64
}

// Flags of Stat.Flags that are of use.
const (
	FlagExiting = 0x00000004 // PF_EXITING
	FlagForked  = 0x00000040 // PF_FORKNOEXEC: it has executed no program since its birth
	FlagKthread = 0x00200000 // PF_KTHREAD
	FlagUser    = 0x00004000 // PF_USER_WORKER: io_uring and vhost threads
)

// Layout is the part of the memory layout that stat knows; the end of the heap
// (Brk) is known only to the process itself and stays 0.
func (s *Stat) Layout() image.Layout {
	return image.Layout{
		StartCode: s.StartCode, EndCode: s.EndCode,
		StartData: s.StartData, EndData: s.EndData,
		StartBrk: s.StartBrk, StartStack: s.StartStack,
		ArgStart: s.ArgStart, ArgEnd: s.ArgEnd,
		EnvStart: s.EnvStart, EnvEnd: s.EnvEnd,
	}
}

// Stat of a whole process: times are sums over its threads.
func (f FS) Stat(pid int) (*Stat, error) {
	return parsed(f.Path(pid, "stat"), little, ParseStat)
}

// ThreadStat is the stat of one thread of a process.
func (f FS) ThreadStat(pid, tid int) (*Stat, error) {
	return parsed(f.TaskPath(pid, tid, "stat"), little, ParseStat)
}

// ThreadCPU is the CPU time that a thread has used, in nanoseconds. The kernel adds to it when the thread
// ends a turn, and at each tick; a clock of another process's thread it lets nobody read.
func (f FS) ThreadCPU(pid, tid int) (int64, error) {
	used, err := parsed(f.TaskPath(pid, tid, "schedstat"), little, func(b []byte) (int64, error) {
		word, _ := field(b)
		n, ok := number(word, 10)
		if !ok {
			return 0, fmt.Errorf("schedstat: %w", errFormat)
		}
		return int64(n), nil
	})
	if err == nil {
		return used, nil
	}
	st, err := f.ThreadStat(pid, tid) // a kernel without that file
	if err != nil {
		return 0, err
	}
	return int64(st.UTime+st.STime) * (int64(time.Second) / userHZ), nil
}

const userHZ = 100 // of x86-64

// Alive tells whether pid still names the process that was started at
// startTime (Stat.StartTime). A zombie counts: its pid cannot be reused yet.
func (f FS) Alive(pid int, startTime uint64) bool {
	s, err := f.Stat(pid)
	return err == nil && s.StartTime == startTime
}

// ParseStat parses /proc/pid/stat. The name may contain anything, so it ends
// at the last closing parenthesis.
func ParseStat(b []byte) (*Stat, error) {
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 0 || end < open {
		return nil, fmt.Errorf("stat without a name: %w", errFormat)
	}
	s := &Stat{Pid: first(b[:open]), Comm: string(b[open+1 : end])}
	rest := b[end+1:]
	state, rest := field(rest)
	if s.Pid == 0 || len(state) != 1 {
		return nil, fmt.Errorf("stat without pid or state: %w", errFormat)
	}
	s.State = state[0]
	n := 4 // number of the field as in proc_pid_stat(5)
	for ; ; n++ {
		var word []byte
		if word, rest = field(rest); len(word) == 0 {
			break
		}
		if err := s.set(n, word); err != nil {
			return nil, fmt.Errorf("stat field %d %q: %w", n, word, err)
		}
	}
	if n <= 51 {
		return nil, fmt.Errorf("stat with only %d fields: %w", n-1, errFormat)
	}
	return s, nil
}

func (s *Stat) set(n int, word []byte) error {
	if p := s.signed(n); p != nil {
		v, err := strconv.Atoi(string(word))
		*p = v
		return err
	}
	if p := s.unsigned(n); p != nil {
		v, ok := number(word, 10)
		if *p = v; !ok {
			return errFormat
		}
	}
	return nil
}

func (s *Stat) signed(n int) *int {
	switch n {
	case 4:
		return &s.PPid
	case 5:
		return &s.Pgrp
	case 6:
		return &s.Session
	case 7:
		return &s.TTY
	case 8:
		return &s.Tpgid
	case 18:
		return &s.Priority
	case 19:
		return &s.Nice
	case 20:
		return &s.NumThreads
	case 38:
		return &s.ExitSignal
	case 39:
		return &s.Processor
	case 40:
		return &s.RTPriority
	case 41:
		return &s.Policy
	case 52:
		return &s.ExitCode
	}
	return nil
}

func (s *Stat) unsigned(n int) *uint64 {
	switch n {
	case 9:
		return &s.Flags
	case 10:
		return &s.MinFlt
	case 12:
		return &s.MajFlt
	case 14:
		return &s.UTime
	case 15:
		return &s.STime
	case 16:
		return &s.CUTime
	case 17:
		return &s.CSTime
	case 22:
		return &s.StartTime
	case 23:
		return &s.VSize
	case 24:
		return &s.RSS
	case 26:
		return &s.StartCode
	case 27:
		return &s.EndCode
	case 28:
		return &s.StartStack
	case 29:
		return &s.KstkESP
	case 30:
		return &s.KstkEIP
	case 45:
		return &s.StartData
	case 46:
		return &s.EndData
	case 47:
		return &s.StartBrk
	case 48:
		return &s.ArgStart
	case 49:
		return &s.ArgEnd
	case 50:
		return &s.EnvStart
	case 51:
		return &s.EnvEnd
	}
	return nil
}
