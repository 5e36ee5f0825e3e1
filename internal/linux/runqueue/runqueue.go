// Package runqueue reads how busy this machine's processors are.
//
// It tells of the machine, never of a part of it: within a pid namespace the
// kernel shows the same figures.
package runqueue

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"openmosix/internal/linux/kernelfile"
)

// Sample is what the kernel has counted since the machine was started.
type Sample struct {
	Running int    // threads that run or want to, the reader among them
	Busy    uint64 // ticks in which a CPU worked
	Passed  uint64 // ticks of all CPUs
}

// Read reads /proc/stat.
func Read() (Sample, error) {
	text, err := kernelfile.Read("/proc/stat")
	if err != nil {
		return Sample{}, fmt.Errorf("read CPU times of the machine: %w", err)
	}
	return Parse(text)
}

// Parse takes what is wanted out of the text of /proc/stat.
func Parse(text []byte) (Sample, error) {
	// user nice system idle iowait irq softirq steal; guest times are contained in user and nice.
	const idle, iowait, counted = 3, 4, 8
	var s Sample
	found := 0
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) < 2 {
			continue
		}
		switch string(fields[0]) {
		case "cpu":
			for i, word := range fields[1:min(len(fields), counted+1)] {
				n, err := strconv.ParseUint(string(word), 10, 60)
				if err != nil {
					return Sample{}, fmt.Errorf("parse CPU times: %w", err)
				}
				s.Passed += n
				if i != idle && i != iowait {
					s.Busy += n
				}
			}
			found++
		case "procs_running":
			n, err := strconv.ParseUint(string(fields[1]), 10, 31)
			if err != nil {
				return Sample{}, fmt.Errorf("parse number of running threads: %w", err)
			}
			s.Running = int(n)
			found++
		}
	}
	if found != 2 {
		return Sample{}, errors.New("/proc/stat lacks the CPU times or the number of running threads")
	}
	return s, nil
}

// Running reads /proc/loadavg for the number of threads that run or want to, the
// reader among them: much cheaper than Read, whose file grows with the machine.
func Running() (int, error) {
	text, err := kernelfile.Read("/proc/loadavg")
	if err != nil {
		return 0, fmt.Errorf("read number of running threads: %w", err)
	}
	return parseRunning(text)
}

// parseRunning reads "0.00 0.00 0.00 RUNNING/ALL LAST".
func parseRunning(text []byte) (int, error) {
	fields := bytes.Fields(text)
	if len(fields) < 4 {
		return 0, errors.New("/proc/loadavg lacks the number of running threads")
	}
	running, _, _ := bytes.Cut(fields[3], []byte("/"))
	n, err := strconv.ParseUint(string(running), 10, 31)
	if err != nil {
		return 0, fmt.Errorf("parse number of running threads: %w", err)
	}
	return int(n), nil
}

// initialPIDSpace is the inode of the first pid namespace, the same on every kernel.
const initialPIDSpace = "pid:[4026531836]"

// WholeMachine tells whether this process sees all processes of the machine.
func WholeMachine() bool {
	space, err := os.Readlink("/proc/self/ns/pid")
	return err != nil || space == initialPIDSpace
}
