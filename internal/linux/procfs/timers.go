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
