package failure

import (
	"context"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	coreMegabytes = 64
	corePages     = coreMegabytes << 8
	pageSize      = 4096
)

// TestCore has a process die with a core dump while its memory follows, on each way:
// the core at home has all of it.
func TestCore(t *testing.T) {
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	if err != nil || strings.ContainsAny(string(pattern), "|/") || !strings.HasPrefix(string(pattern), "core") {
		t.Skipf("cores do not go to where the process is: %s (%v)", pattern, err)
	}
	r := newRig(t)
	program := filepath.Join(r.dir, "later")
	if out, err := exec.Command("gcc", "-O1", "-pthread", "-o", program, "../postcopy/src/later.c").CombinedOutput(); err != nil {
		t.Skipf("gcc: %v: %s", err, out)
	}
	for _, way := range following {
		for _, sig := range []struct {
			name  string
			shell int // what a shell makes of it
		}{{"QUIT", 131}, {"SEGV", 139}} {
			t.Run(way.name+"/"+sig.name, func(t *testing.T) {
				if testing.Short() && sig.name != "QUIT" {
					t.Skip("not part of the short run")
				}
				ctx, cancel := context.WithTimeout(t.Context(), scenarioLimit)
				defer cancel()
				// What a shell starts in the background ignores SIGQUIT.
				p := r.launch(t, ctx, filepath.Join(r.dir, "none"), "/usr/bin/env", "--default-signal=QUIT", "/bin/sh", "-c",
					`ulimit -c unlimited; exec "$0" wait `+fmt.Sprint(coreMegabytes), program)
				defer p.end()
				f := r.leads(t, ctx, p, way.way, way.at, 1, nil, later)
				r.shell(t, 1, fmt.Sprintf("kill -%s %d; kill -CONT %d", sig.name, p.pid, f.supervisor))
				t.Logf("migrate: %s", <-f.moved)
				select {
				case <-p.ended:
				case <-time.After(grace):
					t.Fatalf("it should have ended: %s", p.said)
				}
				if !strings.Contains(p.said.String(), fmt.Sprintf("ended %d", sig.shell)) {
					t.Errorf("it should have ended with %d: %s", sig.shell, p.said)
				}
				r.wholeCore(t)
				if r.loss(t, p.pid) {
					t.Error("it is told that it was lost")
				}
				r.nothingLeft(t)
			})
		}
	}
}

// wholeCore checks that the one core there is has each page that the program has
// written, and takes it away.
func (r *rig) wholeCore(t *testing.T) {
	t.Helper()
	cores, err := filepath.Glob(filepath.Join(r.dir, "core*"))
	if err != nil || len(cores) != 1 {
		t.Errorf("there are %d cores: %v", len(cores), err)
		return
	}
	defer os.Remove(cores[0])
	core, err := elf.Open(cores[0])
	if err != nil {
		t.Error(err)
		return
	}
	defer core.Close()
	found := make(map[uint64]bool)
	for _, p := range core.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		page := make([]byte, pageSize)
		for at := uint64(0); at+pageSize <= p.Filesz; at += pageSize {
			if _, err := p.ReadAt(page, int64(at)); err != nil {
				t.Errorf("the core is cut short: %v", err)
				return
			}
			if n := numberOf(page); n != 0 {
				found[n] = true
			}
		}
	}
	if len(found) != corePages {
		t.Errorf("the core has %d pages of the program's, not %d", len(found), corePages)
	}
}

// numberOf is the number of a page as ../postcopy/src/later.c writes it; 0: it is none.
func numberOf(page []byte) uint64 {
	const factor = 0x9e3779b97f4a7c15
	first := binary.LittleEndian.Uint64(page)
	for i := range uint64(pageSize / 8) {
		if binary.LittleEndian.Uint64(page[8*i:]) != first+i {
			return 0
		}
	}
	inverse := uint64(factor) // each round doubles the bits that are right
	for range 6 {
		inverse *= 2 - factor*inverse
	}
	if n := first * inverse; n <= corePages {
		return n
	}
	return 0
}
