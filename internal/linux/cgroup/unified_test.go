package cgroup

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Version 2 with controllers is not on every machine: what is written where is
// tested with plain files.

func fake(t *testing.T) (Hierarchy, func(dir string, names ...string)) {
	t.Helper()
	h := Hierarchy{Mount: t.TempDir(), Own: "/own", Unified: true, Controllers: []Controller{CPU, Memory, PIDs}}
	files := func(dir string, names ...string) {
		t.Helper()
		for _, name := range append(names, "cgroup.subtree_control", procsFile) {
			path := filepath.Join(h.Mount, dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return h, files
}

func TestUnifiedLimits(t *testing.T) {
	h, files := fake(t)
	limits := []string{"cpu.weight", "cpu.max", "cpu.idle", "memory.max", "pids.max", "cgroup.freeze", "memory.current", "memory.events", "cpu.stat", "pids.current", "pids.events"}
	files("/")
	files("/guests", limits...)
	g, err := makeIn([]Hierarchy{h}, "guests")
	if err != nil || !g.Top() || len(g.Lacks()) > 0 {
		t.Fatalf("%v, %v", g, err)
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(h.Mount, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if got := read("cgroup.subtree_control"); got != "+cpu +memory +pids" {
		t.Errorf("handed down: %s", got)
	}
	for _, c := range []struct {
		set  Limits
		want map[string]string
	}{
		{Limits{Weight: 7, CPUs: 1.5, Memory: 4096, PIDs: 9}, map[string]string{"cpu.idle": "0", "cpu.weight": "7", "cpu.max": "150000 100000", "memory.max": "4096", "pids.max": "9"}},
		{Limits{}, map[string]string{"cpu.idle": "1", "cpu.max": "max", "memory.max": "max", "pids.max": "max"}},
		{Limits{CPUs: 1e-9}, map[string]string{"cpu.max": "1000 100000"}},
	} {
		if err := g.Set(nil, c.set); err != nil {
			t.Fatal(err)
		}
		for name, want := range c.want {
			if got := read("guests/" + name); got != want {
				t.Errorf("%+v: %s is %q, not %q", c.set, name, got, want)
			}
		}
	}
	for name, text := range map[string]string{"memory.current": "77\n", "memory.events": "low 0\noom_kill 3\n", "pids.current": "5\n", "pids.events": "max 2\n", "cpu.stat": "usage_usec 1500\n"} {
		if err := os.WriteFile(filepath.Join(h.Mount, "guests", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if u, err := g.Usage(); err != nil || u != (Usage{CPU: 1500 * time.Microsecond, Memory: 77, PIDs: 5, Killed: 3, Refused: 2}) {
		t.Errorf("%+v, %v", u, err)
	}
	if err := g.Freeze(true); err != nil || read("guests/cgroup.freeze") != "1" {
		t.Error(err)
	}
}

func TestOwnGroupWhereTheTopIsNot(t *testing.T) {
	h, files := fake(t)
	files("/own")
	g, err := makeIn([]Hierarchy{h}, "guests") // the top has no file to hand controllers down with
	if err != nil || g.Top() || !strings.HasSuffix(g.String(), "/own/guests") {
		t.Errorf("%v, %v", g, err)
	}
}

func TestNone(t *testing.T) {
	h, _ := fake(t)
	if _, err := makeIn([]Hierarchy{h}, "guests"); !errors.Is(err, ErrNone) {
		t.Error(err)
	}
	for _, name := range []string{"", "../x", "/x"} {
		if _, err := makeIn(nil, name); !errors.Is(err, ErrNone) {
			t.Errorf("%q: %v", name, err)
		}
	}
}
