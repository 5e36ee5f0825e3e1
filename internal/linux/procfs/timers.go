package procfs

import (
	"bytes"
	"os"
	"strconv"
)

// TimerOfThread tells whether a POSIX timer of a process signals one thread
// (SIGEV_THREAD_ID) and not the whole process: /proc/PID/timers.
func (fs FS) TimerOfThread(pid, timer int) bool {
	b, err := os.ReadFile(string(fs) + "/" + strconv.Itoa(pid) + "/timers")
	if err != nil {
		return false // a kernel without checkpointing has no such file
	}
	return timerOfThread(b, timer)
}

func timerOfThread(b []byte, timer int) bool {
	mine := false
	for line := range bytes.Lines(b) {
		key, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(": "))
		switch string(key) {
		case "ID":
			mine = string(value) == strconv.Itoa(timer)
		case "notify":
			if mine {
				return bytes.HasPrefix(value, []byte("signal/tid."))
			}
		}
	}
	return false
}

// CPUTimers lists a process's POSIX timers on CPU clocks.
func (fs FS) CPUTimers(pid int) []int {
	b, err := os.ReadFile(fs.Path(pid, "timers"))
	if err != nil {
		return nil // a kernel without checkpointing has no such file
	}
	return cpuTimers(b)
}

func cpuTimers(b []byte) []int {
	var all []int
	id := 0
	for line := range bytes.Lines(b) {
		key, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(": "))
		n, err := strconv.Atoi(string(value))
		switch {
		case err != nil:
		case string(key) == "ID":
			id = n
		case string(key) == "ClockID" && CPUClock(n):
			all = append(all, id)
		}
	}
	return all
}

// CPUClock tells whether a clock counts CPU time: of the caller, of its thread,
// or of another, whose number is made of its id: clock_getcpuclockid(3).
// A descriptor as a clock is negative as well.
func CPUClock(id int) bool {
	const process, thread, kind, descriptor = 2, 3, 3, 3
	return id == process || id == thread || id < 0 && id&kind != descriptor
}
