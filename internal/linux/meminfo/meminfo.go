// Package meminfo reads how much memory this machine has and could still give,
// and how often there was too little.
package meminfo

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"openmosix/internal/linux/kernelfile"
)

// Info is in bytes.
type Info struct {
	Total     uint64
	Available uint64 // the kernel's estimate of what new work could use without swapping
}

// Read reads /proc/meminfo.
func Read() (Info, error) {
	text, err := kernelfile.Read("/proc/meminfo")
	if err != nil {
		return Info{}, fmt.Errorf("read memory of the machine: %w", err)
	}
	return Parse(text)
}

// Parse takes the two lines out of the text of /proc/meminfo.
func Parse(text []byte) (Info, error) {
	var info Info
	found := 0
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) < 2 {
			continue
		}
		var to *uint64
		switch string(fields[0]) {
		case "MemTotal:":
			to = &info.Total
		case "MemAvailable:":
			to = &info.Available
		default:
			continue
		}
		kib, err := strconv.ParseUint(string(fields[1]), 10, 53)
		if err != nil {
			return Info{}, fmt.Errorf("parse %s of meminfo: %w", fields[0], err)
		}
		*to = kib << 10
		found++
	}
	if found != 2 {
		return Info{}, errors.New("meminfo lacks MemTotal or MemAvailable")
	}
	return info, nil
}

// Kills is how many processes the kernel has killed for want of memory since
// the machine was started.
func Kills() (uint64, error) {
	text, err := kernelfile.Read("/proc/vmstat")
	if err != nil {
		return 0, fmt.Errorf("read counters of the machine's memory: %w", err)
	}
	for line := range bytes.Lines(text) {
		if word, found := bytes.CutPrefix(bytes.TrimSpace(line), []byte("oom_kill ")); found {
			return strconv.ParseUint(string(word), 10, 64)
		}
	}
	return 0, errors.New("the kernel does not count whom it kills for want of memory")
}
