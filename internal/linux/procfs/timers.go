package procfs

import (
	"bytes"
	"os"
)

// Timer is a POSIX timer of a process, as /proc/PID/timers shows it.
type Timer struct {
	ID     int
	Signal int
	Value  uint64 // sigev_value
	Silent bool   // SIGEV_NONE
	Direct bool   // SIGEV_THREAD_ID: it signals one thread
	Target int    // which; 0: it has ended
	Clock  int32
}

// Timers lists the POSIX timers of a process.
func (fs FS) Timers(pid int) []Timer {
	b, err := os.ReadFile(fs.Path(pid, "timers"))
	if err != nil {
		return nil // a kernel without checkpointing has no such file
	}
	return timers(b)
}

// timers reads blocks of four lines:
//
//	ID: 3
//	signal: 34/0000000000000005
//	notify: signal/tid.1234
//	ClockID: -2
func timers(b []byte) []Timer {
	var all []Timer
	for line := range bytes.Lines(b) {
		key, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(": "))
		if string(key) == "ID" {
			all = append(all, Timer{ID: first(value)})
			continue
		}
		if len(all) == 0 {
			continue
		}
		t := &all[len(all)-1]
		switch string(key) {
		case "signal":
			signal, v, _ := bytes.Cut(value, []byte("/"))
			t.Signal = first(signal)
			t.Value, _ = number(v, 16)
		case "notify":
			way, whom, _ := bytes.Cut(value, []byte("/"))
			kind, id, _ := bytes.Cut(whom, []byte("."))
			if t.Silent = string(way) == "none"; t.Silent {
				t.Signal = 0 // anything may be there
			}
			if t.Direct = string(kind) == "tid"; t.Direct {
				t.Target = first(id)
			}
		case "ClockID":
			t.Clock = int32(first(value))
		}
	}
	return all
}

// TimerOfThread tells whether a POSIX timer of a process signals one thread
// (SIGEV_THREAD_ID) and not the whole process.
func (fs FS) TimerOfThread(pid, timer int) bool {
	for _, t := range fs.Timers(pid) {
		if t.ID == timer {
			return t.Direct
		}
	}
	return false
}
