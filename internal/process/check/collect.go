package check

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"openmosix/internal/linux/kcmp"
	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/cpuclock"
	"openmosix/internal/model/refusal"
	"openmosix/internal/process/sole"
)

const seccompStrict = 1

// threads looks at each thread; one that ends meanwhile no longer matters.
func (c Checker) threads(f *refusal.Facts) error {
	tids, err := c.FS.Threads(f.PID)
	if err != nil {
		return err
	}
	for _, tid := range tids {
		stat, err := c.FS.ThreadStat(f.PID, tid)
		if errors.Is(err, procfs.ErrGone) {
			continue
		} else if err != nil {
			return err
		}
		status, err := c.FS.ThreadStatus(f.PID, tid)
		if errors.Is(err, procfs.ErrGone) {
			continue
		} else if err != nil {
			return err
		}
		f.SeccompStrict = f.SeccompStrict || status.Seccomp == seccompStrict
		f.Threads = append(f.Threads, refusal.Thread{
			TID: tid, Policy: stat.Policy, Worker: stat.Flags&procfs.FlagUser != 0, Ending: procfs.Ending(stat, status),
		})
	}
	return nil
}

// cpuTimers lists the timers on CPU clocks.
func (c Checker) cpuTimers(pid int) []refusal.Timer {
	var all []refusal.Timer
	for _, t := range c.FS.Timers(pid) {
		if clock, ok := cpuclock.Parse(t.Clock); ok {
			all = append(all, refusal.Timer{ID: t.ID, Clock: clock, Signal: t.Signal})
		}
	}
	return all
}

// executable looks whether it is a 32-bit program, or one of ours.
func (c Checker) executable(f *refusal.Facts) error {
	path := c.FS.Path(f.PID, "exe")
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return procfs.ErrGone // a program always has one; it is ending
	} else if err != nil {
		return fmt.Errorf("open executable: %w", err)
	}
	defer file.Close()
	const class32 = 1
	var ident [5]byte // magic number and class
	if _, err := io.ReadFull(file, ident[:]); err == nil {
		f.Class32 = string(ident[:4]) == "\x7fELF" && ident[4] == class32
	}
	f.Ours = c.ours(f.PID) && !c.probe(f.PID)
	return nil
}

func (c Checker) probe(pid int) bool {
	args, err := c.FS.Cmdline(pid)
	return err == nil && len(args) > 1 && args[1] == refusal.Probe
}

// ours tells whether a process runs this very binary. All of openMosix is one
// binary, so that is what its daemons, supervisors and commands have in common.
func (c Checker) ours(pid int) bool {
	own, err := os.Stat("/proc/self/exe")
	if err != nil {
		return false
	}
	its, err := os.Stat(c.FS.Path(pid, "exe"))
	return err == nil && os.SameFile(own, its)
}

// vmFlags translates the letters of smaps.
var vmFlags = map[string]refusal.Flags{
	"sh": refusal.Shared,
	"wr": refusal.MayWrite, "mw": refusal.MayWrite,
	"io": refusal.Device, "pf": refusal.Device,
	"ht": refusal.HugePages,
	"um": refusal.Faults, "uw": refusal.Faults, "ui": refusal.Faults,
	"sl": refusal.Sealed,
	"ss": refusal.Shadow,
}

func (c Checker) memory(f *refusal.Facts) error {
	regions, err := c.FS.Smaps(f.PID)
	if err != nil {
		return err
	}
	for _, r := range regions {
		m := refusal.Mapping{Range: r.Range, Name: r.Name, Special: r.Special, ProtectionKey: r.ProtectionKey}
		for _, letters := range r.VMFlags {
			m.Flags |= vmFlags[letters]
		}
		f.Mappings = append(f.Mappings, m)
	}
	return c.shared(f, regions)
}

// shared looks whether memory that could be shared is.
func (c Checker) shared(f *refusal.Facts, regions []procfs.Region) error {
	objects, at := sole.Of(regions)
	for i := range f.Mappings {
		if r := &regions[i]; r.Shared && r.Ino != 0 && !r.Special && !slices.ContainsFunc(objects, func(o sole.Object) bool { return o.Dev == r.Dev && o.Ino == r.Ino }) {
			file, err := sole.Unchanging(c.FS.MapFile(f.PID, r.Range), r.Name)
			f.Mappings[i].Written = errors.Is(err, sole.ErrWritten)
			_ = file.Close() // nil: its error is of no interest
		}
	}
	if len(objects) == 0 {
		return nil
	}
	why, err := sole.Why(c.FS, f.PID, objects)
	if err != nil {
		return err
	}
	if err := c.together(f.PID, objects, why); err != nil {
		return err
	}
	for i := range f.Mappings {
		m := &f.Mappings[i]
		if n, ok := at[m.Start]; ok {
			m.Alone, m.Sharing = why[n] == "", why[n]
		}
	}
	return nil
}

// together takes back why memory seems not to be the process's alone where all who share it are, or can become, one
// family, which can share it from several nodes: they are of one user, and nobody traces them but the supervisor
// that they all have. What has just gone is no reason either.
func (c Checker) together(pid int, objects []sole.Object, why []string) error {
	var some []sole.Object
	var at []int
	for i := range objects {
		if why[i] == "" {
			continue
		}
		_, _, is, err := sole.Joinable(c.FS, pid, &objects[i])
		switch {
		case errors.Is(err, os.ErrNotExist):
			why[i] = ""
		case err != nil:
			return err
		case is:
			some, at = append(some, objects[i]), append(at, i)
		}
	}
	if len(some) == 0 {
		return nil
	}
	kin, err := sole.KinOf(c.FS, pid, some, c.ours)
	if errors.Is(err, procfs.ErrGone) {
		return err
	}
	if err != nil {
		return nil // then it cannot be said of all
	}
	for n, i := range at {
		if kin.Why[n] == "" && kin.Related(n) {
			why[i] = ""
		}
	}
	return nil
}

func (c Checker) descriptors(f *refusal.Facts) error {
	fds, err := c.FS.FDs(f.PID)
	if err != nil {
		return err
	}
	for _, fd := range fds {
		f.Descriptors = append(f.Descriptors, refusal.Descriptor{Number: fd.Number, Target: fd.Target})
	}
	return nil
}

func (c Checker) tracer(f *refusal.Facts, pid int) {
	if pid == 0 {
		return
	}
	// proc names the tracing thread; its files are found under that number, too.
	f.Tracer = fmt.Sprintf("process %d", pid)
	if s, err := c.FS.Status(pid); err == nil {
		f.Tracer = fmt.Sprintf("%s (process %d)", s.Name, s.Tgid)
	}
	f.Supervised = c.ours(pid)
}

// others looks at all processes for those that this one traces, or shares its
// memory with. Those need be no relatives: a parent may have died in between.
func (c Checker) others(f *refusal.Facts) error {
	pids, err := c.FS.Pids()
	if err != nil {
		return fmt.Errorf("list processes: %w", err)
	}
	threads := make(map[int]bool, len(f.Threads))
	for _, t := range f.Threads {
		threads[t.TID] = true
	}
	for _, pid := range pids {
		if pid == f.PID {
			continue
		}
		if s, err := c.FS.Status(pid); err == nil && threads[s.TracerPid] {
			f.Traced = append(f.Traced, pid)
		}
		// What may not be compared belongs to others and shares nothing.
		if same, err := kcmp.SameMemory(f.PID, pid); err == nil && same {
			f.SharesMemory = append(f.SharesMemory, pid)
		}
	}
	return nil
}
