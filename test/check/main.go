// Command check runs everything that must hold before a change is taken: what
// `make check` is. It runs the steps one after another, goes on after a
// failure, prints of each no more than what a reader needs, and ends with one
// line: "N passed, N failed". It installs nothing and builds no binary: make
// does both before it. Broken off by SIGINT or SIGTERM, it takes away what the tests
// have left. With arguments it runs only the steps of these names;
// with soak, the long forms instead, and a summary of them.
package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// step is one thing to run from the root of the tree.
type step struct {
	name  string
	argv  []string
	env   []string
	tests bool // prints test events as JSON
	quiet bool // any output is a failure (gofmt -l)
	talks bool // what its tests say is printed as they say it
}

var steps = []step{
	{name: "format", argv: []string{"gofmt", "-l", "cmd", "internal", "lab", "test"}, quiet: true},
	{name: "vet", argv: []string{"go", "vet", "./..."}},
	// Not by `go tool`, which ends with 0 when a signal has killed the tool.
	{name: "staticcheck", argv: []string{"go", "run", staticcheck, "./..."}},
	{name: "layering", argv: goTest("2m", "./test"), tests: true},
	{name: "unit", argv: goTest("5m", "./cmd/...", "./internal/..."), tests: true},
	{name: "race", argv: goTest("5m", "-race", "-short", "./internal/model/...", "./internal/linux/unixmsg/...",
		"./internal/role/...", "./internal/node/..."), env: []string{"CGO_ENABLED=1"}, tests: true},
	{name: "lab", argv: goTest("2m", "./lab/..."), tests: true},
	// One package at a time: each brings up labs of its own and fills both CPUs.
	{name: "judges", argv: goTest("15m", "-p", "1", "-short", "./test/..."), tests: true},
	{name: "demo", argv: []string{"bin/openmosix", "demo"}},
}

const staticcheck = "honnef.co/go/tools/cmd/staticcheck"

func goTest(limit string, more ...string) []string {
	return append([]string{"go", "test", "-json", "-count=1", "-timeout", limit}, more...)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	status := run(ctx)
	if ctx.Err() != nil {
		status = 128 + int(syscall.SIGINT)
	}
	os.Exit(status)
}

func run(ctx context.Context) int {
	some := chosen(os.Args[1:])
	p, err := newPlace()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer func() { p.remove(ctx.Err() != nil) }()
	long := slices.Contains(os.Args[1:], soak)
	var all tally
	var summary []string
	for _, s := range some {
		start := time.Now()
		s.env = append(s.env, p.env()...)
		t := s.run(ctx)
		if s.tests && !long && ctx.Err() == nil {
			t.secondChance(ctx, s)
		}
		all.passed += t.passed
		all.failed += t.failed
		line := fmt.Sprintf("== %-12s %4d passed %3d failed %3d skipped  %5.1f s",
			s.name, t.passed, t.failed, t.skipped, time.Since(start).Seconds())
		fmt.Println(line)
		summary = append(summary, line)
		if ctx.Err() != nil {
			all.failed = max(all.failed, 1)
			break
		}
	}
	if long { // hours of output are above
		fmt.Println(strings.Join(summary, "\n"))
	}
	fmt.Printf("%d passed, %d failed\n", all.passed, all.failed)
	if all.failed > 0 {
		return 1
	}
	return 0
}

// chosen are the steps of these names, all if there are none.
func chosen(names []string) []step {
	if len(names) > 0 && names[0] == soak {
		return soakSteps
	}
	var some []step
	for _, s := range steps {
		if len(names) == 0 || slices.Contains(names, s.name) {
			some = append(some, s)
		}
	}
	if len(some) == 0 || (len(names) > 0 && len(some) < len(names)) {
		fmt.Printf("unknown step among %v; steps are", names)
		for _, s := range steps {
			fmt.Print(" ", s.name)
		}
		fmt.Println()
		os.Exit(2)
	}
	return some
}

func (s step) run(ctx context.Context) tally {
	cmd := exec.Command(s.argv[0], s.argv[1:]...)
	cmd.Env = append(os.Environ(), s.env...)
	// A group of its own, so that it can be stopped with all it started.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Printf("%s: %v\n", s.name, err)
		return tally{failed: 1}
	}
	ended := make(chan struct{})
	go func() {
		select {
		case <-ended:
		case <-ctx.Done():
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
			select {
			case <-ended:
			case <-time.After(patience):
				_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			}
		}
	}()
	t := tally{talks: s.talks}
	if s.tests {
		t.readEvents(out, os.Stdout)
	} else {
		t.readPlain(out, os.Stdout)
	}
	err = cmd.Wait()
	close(ended)
	switch {
	case err != nil && t.failed == 0, s.quiet && t.lines > 0:
		fmt.Printf("%s failed: %v\n", s.name, err)
		t.failed++
	case !s.tests && err == nil:
		t.passed++
	}
	return t
}
