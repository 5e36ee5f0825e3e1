package cgroup

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"openmosix/internal/linux/kernelfile"
)

// Usage is what the processes of a group use; zero where nothing counts it.
type Usage struct {
	CPU    time.Duration // since the group was made
	Memory uint64        // bytes
	PIDs   int
	// Killed is how many processes were killed because the group had no memory
	// left, and Refused how often there was no process left to be had.
	Killed, Refused uint64
}

// Usage reads it.
func (g *Group) Usage() (Usage, error) {
	var u Usage
	if p, ok := g.with(Accounting); ok {
		n, err := p.time()
		if err != nil {
			return Usage{}, err
		}
		u.CPU = n
	}
	if p, ok := g.with(Memory); ok {
		names := [...]string{"memory.usage_in_bytes", "memory.oom_control"}
		if p.unified {
			names = [...]string{"memory.current", "memory.events"}
		}
		var err error
		if u.Memory, err = p.number(names[0]); err != nil {
			return Usage{}, err
		}
		if u.Killed, err = p.entry(names[1], "oom_kill"); err != nil {
			return Usage{}, err
		}
	}
	if p, ok := g.with(PIDs); ok {
		n, err := p.number("pids.current")
		if err != nil {
			return Usage{}, err
		}
		u.PIDs = int(n)
		if u.Refused, err = p.entry("pids.events", "max"); err != nil {
			return Usage{}, err
		}
	}
	return u, nil
}

func (p part) time() (time.Duration, error) {
	if slices.Contains(p.has, Accounting) {
		n, err := p.number("cpuacct.usage")
		return time.Duration(n), err
	}
	micros, err := p.entry("cpu.stat", "usage_usec")
	return time.Duration(micros) * time.Microsecond, err
}

func (p part) number(name string) (uint64, error) {
	text, err := kernelfile.Read(filepath.Join(p.dir, name))
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("parse %s: %w", name, err)
	}
	return n, nil
}

// entry reads the number behind a word in a file of such lines; 0 if it is missing.
func (p part) entry(name, key string) (uint64, error) {
	text, err := kernelfile.Read(filepath.Join(p.dir, name))
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", name, err)
	}
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) == 2 && string(fields[0]) == key {
			n, err := strconv.ParseUint(string(fields[1]), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("parse %s of %s: %w", key, name, err)
			}
			return n, nil
		}
	}
	return 0, nil
}
