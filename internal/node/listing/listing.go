// Package listing joins what the kernel tells of this node's processes with
// what the daemon knows of those that have moved: the rows of mps.
//
// It changes nothing and asks nobody: the caller brings the daemon's list.
package listing

import (
	"fmt"
	"strings"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

// clockTicks is USER_HZ: fixed at 100 for programs on every x86-64 kernel.
const clockTicks = 100

// pageSize of x86-64.
const pageSize = 4096

// Row is one process.
type Row struct {
	PID     int
	Node    int // 0: here
	PPID    int
	Group   int
	Kernel  bool   // a thread of the kernel's
	Start   uint64 // ticks since boot: with the pid it names the process for ever
	UID     int    // effective
	TTY     int    // device number, 0: none
	Stat    string
	CPU     time.Duration // here and away
	RSS     uint64        // bytes, where it runs
	Command string
	Moves   int
	Move    *Move // nil: none is under way
}

// Move is how far a move has got. In the phase "fetch" the process runs where it was
// sent, and the rest of its memory follows.
type Move struct {
	Phase string `json:"phase"`
	Done  uint64 `json:"done"`  // bytes
	Total uint64 `json:"total"` // bytes; 0: not known
}

// String is for people.
func (m *Move) String() string {
	switch {
	case m == nil:
		return ""
	case m.Total == 0:
		return m.Phase
	}
	return fmt.Sprintf("%s %d%%", m.Phase, 100*min(m.Done, m.Total)/m.Total)
}

// List gives all processes of the node, ascending. Those that end meanwhile
// are left out.
func List(proc procfs.FS, moved []control.Proc) ([]Row, error) {
	pids, err := proc.Pids()
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	byPID := make(map[int]control.Proc, len(moved))
	for _, p := range moved {
		byPID[p.PID] = p
	}
	var rows []Row
	for _, pid := range pids {
		if row, ok := one(proc, pid); ok {
			if p, ok := byPID[pid]; ok {
				row.add(p)
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func one(proc procfs.FS, pid int) (Row, bool) {
	stat, err := proc.Stat(pid)
	if err != nil {
		return Row{}, false
	}
	status, err := proc.Status(pid)
	if err != nil {
		return Row{}, false
	}
	return Row{
		PID: pid, PPID: stat.PPid, Group: stat.Pgrp, Kernel: stat.Flags&procfs.FlagKthread != 0, Start: stat.StartTime, UID: status.Uid[1], TTY: stat.TTY, Stat: string(rune(stat.State)),
		CPU:     time.Duration(stat.UTime+stat.STime) * time.Second / clockTicks,
		RSS:     stat.RSS * pageSize,
		Command: command(proc, pid, stat.Comm),
	}, true
}

// add puts the guest in the deputy's place, as far as the deputy only waits for it.
func (r *Row) add(p control.Proc) {
	r.Node, r.Moves = p.Node, p.Moves
	r.CPU += time.Duration(p.CPUMicros) * time.Microsecond
	if p.Phase != "" {
		r.Move = &Move{p.Phase, p.Done, p.Total}
	}
	if p.State == "moving" {
		r.Stat = "M"
	}
	if p.Node == 0 {
		return
	}
	r.RSS = p.RSS
	switch p.State {
	case "running":
		r.Stat = "R"
	case "sleeping":
		r.Stat = "S"
	case "stopped":
		r.Stat = "T"
	case supervisor.StateBroken:
		r.Stat = "B"
	}
}

// command is the command line as far as it can be shown on one line of a
// terminal: whoever runs a process chooses these bytes.
func command(proc procfs.FS, pid int, comm string) string {
	argv, err := proc.Cmdline(pid)
	text := strings.Join(argv, " ")
	if err != nil || strings.TrimSpace(text) == "" {
		text = "[" + comm + "]"
	}
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || (c >= 0x80 && c < 0xa0) {
			return '?'
		}
		return c
	}, strings.ToValidUTF8(text, "?"))
}

// TTYName names a terminal as ps does.
func TTYName(device int) string {
	major, minor := device>>8&0xfff, device&0xff|device>>12&0xfff00
	switch {
	case device == 0:
		return "?"
	case major >= 136 && major <= 143:
		return fmt.Sprintf("pts/%d", (major-136)<<20+minor)
	case major == 4 && minor < 64:
		return fmt.Sprintf("tty%d", minor)
	case major == 4:
		return fmt.Sprintf("ttyS%d", minor-64)
	}
	return fmt.Sprintf("%d:%d", major, minor)
}
