package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// A tool that a signal has killed has found nothing wrong, and has not passed. The test kills
// the true one: what lies between this program and it has to tell.
func TestKilledTool(t *testing.T) {
	t.Chdir("../..")
	n := slices.IndexFunc(steps, func(s step) bool { return s.name == "staticcheck" })
	s := steps[n]
	mark := "KILLED_TOOL=" + t.TempDir()
	s.env = append(s.env, mark)
	got := make(chan tally)
	go func() { got <- s.run(t.Context()) }()
	for killed := 0; ; time.Sleep(5 * time.Millisecond) {
		killed += killTool(s.name, mark)
		select {
		case all := <-got:
			switch {
			case killed == 0:
				t.Skip("it had ended before it was killed")
			case all.failed != 1 || all.passed != 0:
				t.Errorf("killed, it counts as %d passed, %d failed", all.passed, all.failed)
			}
			return
		default:
		}
	}
}

// killTool kills the processes of this name that have mark in their environment.
func killTool(name, mark string) (killed int) {
	all, _ := filepath.Glob("/proc/[0-9]*/comm")
	for _, path := range all {
		comm, _ := os.ReadFile(path)
		if string(bytes.TrimSpace(comm)) != name {
			continue
		}
		dir := filepath.Dir(path)
		env, _ := os.ReadFile(filepath.Join(dir, "environ"))
		pid, _ := strconv.Atoi(filepath.Base(dir))
		if bytes.Contains(env, []byte(mark+"\x00")) && syscall.Kill(pid, syscall.SIGKILL) == nil {
			killed++
		}
	}
	return killed
}
