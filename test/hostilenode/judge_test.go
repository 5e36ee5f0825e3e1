package hostilenode

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"openmosix/internal/model/supervisor"

	"golang.org/x/sys/unix"
)

// unharmed fails the test unless the home supervisor is as it was.
func (r *rig) unharmed(bystander *side) {
	r.t.Helper()
	bystander.lives("the bystander")
	if e := r.answer(r.ask(supervisor.Request{Verb: supervisor.Describe}), patience); e.Kind != supervisor.State {
		r.t.Errorf("it answers %+v", e)
	}
	const most = 400 << 20
	if peak := r.peak(); peak > most {
		r.t.Errorf("the home supervisor has had %d MiB", peak>>20)
	}
	for _, word := range []string{"panic", "fatal error", "goroutine "} {
		if strings.Contains(r.log.String(), word) {
			r.t.Errorf("its log holds %q", word)
		}
	}
}

// toldLost fails the test unless the daemon hears that a process is lost, and why.
func (r *rig) toldLost(pid int) {
	r.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		r.mu.Lock()
		why := r.lost[pid]
		r.mu.Unlock()
		if why != "" {
			return
		}
	}
	r.t.Error("nobody is told why the process is lost")
}

// naps tells whether the program is in a sleep.
func (s *side) naps() bool {
	text, err := os.ReadFile("/proc/" + itoa(s.pid) + "/syscall")
	nr, _, _ := strings.Cut(string(text), " ")
	return err == nil && (nr == itoa(unix.SYS_NANOSLEEP) || nr == itoa(unix.SYS_CLOCK_NANOSLEEP))
}

// resident is how much memory a process has now, bytes.
func resident(pid int) uint64 { return sizeOf(pid, "VmRSS:") }

// sizeOf is a size in a process's status, bytes; 0: it has ended.
func sizeOf(pid int, name string) uint64 {
	text, _ := os.ReadFile(filepath.Join("/proc", itoa(pid), "status"))
	for line := range strings.Lines(string(text)) {
		if kib, is := strings.CutPrefix(line, name); is {
			return uint64(atoi(strings.Fields(kib)[0])) << 10
		}
	}
	return 0
}

// peak is the most memory the supervisor has had resident, bytes.
func (r *rig) peak() uint64 {
	n := sizeOf(r.home.Process.Pid, "VmHWM:")
	if n == 0 {
		r.t.Fatal("the home supervisor has ended")
	}
	return n
}
