package cgroup

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Limits of a group. Zero is no limit, except for Weight.
type Limits struct {
	// Weight is the share of CPU time among siblings, 100 that of an ordinary
	// group, at most 10000. 0 is Idle: only what nobody else wants.
	Weight int
	CPUs   float64 // as many CPUs' time at most
	Memory uint64  // bytes
	PIDs   int     // processes and threads
}

// Idle is the weight of a group that gets what is left over.
const Idle = 0

// Ordinary is the weight of a group of which nothing is said.
const Ordinary = 100

// period over which a ceiling of CPU time is kept, in microseconds.
const period = 100_000

// leastQuota is the least the kernel takes, in microseconds.
const leastQuota = 1_000

const procsFile = "cgroup.procs"

// Set sets the limits for which there is a controller, but for those that have been set before; nil: none is known.
func (g *Group) Set(was *Limits, l Limits) error {
	var failed error
	if p, ok := g.with(CPU); ok {
		if was == nil || was.Weight != l.Weight {
			failed = errors.Join(failed, p.setWeight(l.Weight))
		}
		if was == nil || was.CPUs != l.CPUs {
			failed = errors.Join(failed, p.setCeiling(l.CPUs))
		}
	}
	if p, ok := g.with(Memory); ok && (was == nil || was.Memory != l.Memory) {
		failed = errors.Join(failed, p.setMemory(l.Memory))
	}
	if p, ok := g.with(PIDs); ok && (was == nil || was.PIDs != l.PIDs) {
		text := "max"
		if l.PIDs > 0 {
			text = strconv.Itoa(l.PIDs)
		}
		failed = errors.Join(failed, p.write("pids.max", text))
	}
	return failed
}

func (p part) setWeight(weight int) error {
	// An idle group yields at once when somebody else wakes up, and a CPU on
	// which only such run counts as free for who looks for one.
	if weight == Idle {
		err := p.write("cpu.idle", "1")
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		weight = 1
	} else if err := p.write("cpu.idle", "0"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if p.unified {
		return p.write("cpu.weight", strconv.Itoa(weight))
	}
	return p.write("cpu.shares", strconv.Itoa(max(2, weight*1024/Ordinary)))
}

func (p part) setCeiling(cpus float64) error {
	quota := max(leastQuota, int(cpus*period))
	if p.unified {
		if cpus <= 0 {
			return p.write("cpu.max", "max")
		}
		return p.write("cpu.max", fmt.Sprintf("%d %d", quota, period))
	}
	if cpus <= 0 {
		quota = -1
	}
	return errors.Join(p.write("cpu.cfs_period_us", strconv.Itoa(period)), p.write("cpu.cfs_quota_us", strconv.Itoa(quota)))
}

func (p part) setMemory(limit uint64) error {
	name, text := "memory.max", "max"
	if !p.unified {
		name, text = "memory.limit_in_bytes", "-1"
	}
	if limit > 0 {
		text = strconv.FormatUint(limit, 10)
	}
	if p.unified {
		return p.write(name, text)
	}
	// Version 1 lets what is beyond go to swap space; there it would hurt as
	// much. The limit of both is never less than that of memory alone, so that
	// it is out of the way while this one rises.
	const both = "memory.memsw.limit_in_bytes"
	bothOf := func(text string) error {
		if err := p.write(both, text); err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.EINVAL) {
			return err
		}
		return nil
	}
	return cmp.Or(bothOf("-1"), p.write(name, text), bothOf(text))
}

// write writes a limit; a file that is not there is no error of its own text.
func (p part) write(name, text string) error {
	// No O_CREATE: it would say that permission is missing where the file is.
	f, err := os.OpenFile(filepath.Join(p.dir, name), os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return fmt.Errorf("set %s: %w", name, err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("set %s to %s: %w", name, text, err)
	}
	return nil
}

// Birth has a process that is about to be started be born in the group. The
// caller calls entered with its pid, before it has started anything itself, or
// with 0 when the start has failed.
//
// A process cannot be born in a group of version 1; and to move it into one of
// version 2 takes a grace period of the kernel, some 10 ms, so that is not done.
func (g *Group) Birth(attr *syscall.SysProcAttr) (entered func(pid int) error, err error) {
	var unified *os.File
	for _, p := range g.parts {
		if p.unified {
			if unified, err = os.OpenFile(p.dir, unix.O_DIRECTORY|unix.O_PATH|unix.O_CLOEXEC, 0); err != nil {
				return nil, fmt.Errorf("open control group: %w", err)
			}
			attr.UseCgroupFD, attr.CgroupFD = true, int(unified.Fd())
		}
	}
	return func(pid int) error {
		if unified != nil {
			unified.Close()
		}
		if pid == 0 {
			return nil
		}
		var failed error
		for _, p := range g.parts {
			if !p.unified {
				failed = errors.Join(failed, p.write(procsFile, strconv.Itoa(pid)))
			}
		}
		return failed
	}, nil
}

// Freeze stops everything in the group, or lets it go on.
func (g *Group) Freeze(stop bool) error {
	p, ok := g.with(Freezer)
	if !ok {
		return fmt.Errorf("freeze: %w", ErrNone)
	}
	if p.unified {
		return p.write("cgroup.freeze", map[bool]string{true: "1", false: "0"}[stop])
	}
	return p.write("freezer.state", map[bool]string{true: "FROZEN", false: "THAWED"}[stop])
}

// removePause is the time between two tries: processes that have been killed
// are in their group until they have been reaped.
const removePause = 20 * time.Millisecond

// Remove removes the group and those within, waiting until they are empty.
func (g *Group) Remove(patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for {
		var failed error
		for _, p := range g.parts {
			failed = errors.Join(failed, p.remove())
		}
		if !errors.Is(failed, unix.EBUSY) || !time.Now().Before(deadline) {
			return failed
		}
		time.Sleep(removePause)
	}
}

func (p part) remove() error {
	entries, err := os.ReadDir(p.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove control group: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := (part{dir: filepath.Join(p.dir, e.Name())}).remove(); err != nil {
				return err
			}
		}
	}
	if err := unix.Rmdir(p.dir); err != nil && err != unix.ENOENT {
		return fmt.Errorf("remove control group %s: %w", p.dir, err)
	}
	return nil
}
