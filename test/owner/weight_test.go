package owner

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/linux/weight"
	"openmosix/internal/model/image"
	"openmosix/test/labtest"

	"golang.org/x/sys/unix"
)

// weighing computes, and does what it finds in files.
const weighing = `import os, sys
open('/proc/self/comm', 'w').write(sys.argv[2])
print(os.getpid(), flush=True)
n = 0
while True:
    try: line = open(sys.argv[1] + str(n)).read()
    except OSError:
        for x in range(20000): pass
        continue
    exec(line)
    n += 1
`

// A guest weighs among guests what it weighs at home, whoever has said so, and is never in real time.
func TestWeights(t *testing.T) {
	lab := labtest.Up(t, 3)
	orders := filepath.Join(labtest.Scratch(t), "order")
	name := fmt.Sprintf("weighs%d", os.Getpid())
	var said labtest.Output
	cmd := lab.Command(context.Background(), home, "/", "nice", "-n", "3", "python3", "-c", weighing, orders, name)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := 0
	t.Cleanup(func() {
		lab.Kill(home, pid)
		_ = cmd.Wait()
	})
	until(t, "the program starts", func() bool {
		line, _, whole := strings.Cut(said.String(), "\n")
		pid, _ = strconv.Atoi(line)
		return whole
	})
	moves := func(to int) {
		t.Helper()
		if status, text := lab.Migrate(t.Context(), home, pid, to); status != labtest.Moved {
			t.Fatalf("%v: %s", status, text)
		}
	}
	weighs := func(what string, want image.Weight) {
		t.Helper()
		var got []image.Weight
		for begun := time.Now(); time.Since(begun) < patience/2; time.Sleep(20 * time.Millisecond) {
			if got = bodies(t, name); len(got) == 1 && got[0] == want {
				return
			}
		}
		t.Errorf("%s: the guest weighs %+v, not %+v", what, got, want)
	}
	n := 0
	itself := func(order string) {
		t.Helper()
		if err := os.WriteFile(orders+"new", []byte(order), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(orders+"new", orders+strconv.Itoa(n)); err != nil {
			t.Fatal(err)
		}
		n++
	}
	outside := func(line string) {
		t.Helper()
		if _, err := lab.Shell(t.Context(), home, line); err != nil {
			t.Fatal(err)
		}
	}
	normal := func(nice int32) image.Weight { return image.Weight{Policy: unix.SCHED_NORMAL, Nice: nice} }
	moves(2)
	weighs("nice from the beginning", normal(3))
	outside(fmt.Sprintf("renice -n 5 -p %d", pid))
	weighs("nicer by another", normal(5))
	moves(3)
	weighs("moved on", normal(5))
	itself("os.setpriority(os.PRIO_PROCESS, 0, 10)")
	weighs("nicer by itself", normal(10))
	itself("os.setpriority(os.PRIO_PGRP, 0, 12)")
	weighs("nicer with its group", normal(12))
	itself("os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))")
	weighs("batch", image.Weight{Policy: unix.SCHED_BATCH, Nice: 12})
	itself("os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))")
	weighs("idle", image.Weight{Policy: unix.SCHED_IDLE, Nice: 12})
	itself("os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0)); os.setpriority(os.PRIO_PROCESS, 0, 4)")
	outside(fmt.Sprintf("until test $(cut -d' ' -f19 /proc/%d/stat) = 4; do sleep 0.02; done", pid)) // else it would come after what follows
	if lessNice(t, lab) {
		weighs("less nice", normal(4))
	}
	outside(fmt.Sprintf("renice -n -7 -p %d", pid))
	moves(2)
	weighs("less than ordinary", normal(0))
	if _, err := lab.Shell(t.Context(), home, fmt.Sprintf("chrt -r -p 3 %d", pid)); err == nil { // not in every control group
		moves(3)
		weighs("real time", normal(0))
		outside(fmt.Sprintf("chrt -o -p 0 %d", pid))
	}
	outside(fmt.Sprintf("renice -n 2 -p %d", pid))
	weighs("nice again", normal(2))
	moves(labtest.Home)
	outside(fmt.Sprintf("test $(cut -d' ' -f19 /proc/%d/stat) = 2", pid))
}

// lessNice tells whether what has become nicer on a lender may become less so: its daemon needs CAP_SYS_RESOURCE for that.
func lessNice(t *testing.T, lab *labtest.Lab) bool {
	t.Helper()
	daemon, err := lab.Daemon(t.Context(), lender)
	if err != nil {
		t.Fatal(err)
	}
	said, err := lab.Shell(t.Context(), lender, fmt.Sprintf("grep CapEff /proc/%d/status", daemon))
	if err != nil {
		t.Fatal(err)
	}
	const resource = 24 // CAP_SYS_RESOURCE
	caps, err := strconv.ParseUint(strings.Fields(said)[1], 16, 64)
	return err == nil && caps>>resource&1 != 0
}

// bodies are the weights of guests with this name, wherever they are on this machine.
func bodies(t *testing.T, name string) (all []image.Weight) {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if st, err := procfs.FS("/proc").Status(pid); err != nil || st.Name != name || st.Uid[0] == os.Getuid() {
			continue
		}
		if w, err := weight.Of(pid); err == nil {
			all = append(all, w)
		}
	}
	return all
}
