package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"syscall"
	"time"
)

// Tests put away what they make. One that is broken off does not: it dies of the signal. So all
// of a run's have their directories below two that go with the run, and by these
// their processes are known.

// place is where the tests of a run may leave something.
type place struct{ temporary, scratch string }

func newPlace() (place, error) {
	temporary, err := os.MkdirTemp("", "om") // short: paths of sockets begin with it
	if err != nil {
		return place{}, err
	}
	scratch, err := os.MkdirTemp("/var/tmp", "openmosix-check-")
	// As /tmp is: some of what tests make there is for programs of other users.
	return place{temporary, scratch}, errors.Join(err, os.Chmod(temporary, 0o777|os.ModeSticky), os.Chmod(scratch, 0o755))
}

func (p place) env() []string {
	return []string{"TMPDIR=" + p.temporary, "OPENMOSIX_SCRATCH=" + p.scratch}
}

// remove takes away what is left; broken: tests were broken off.
func (p place) remove(broken bool) {
	if broken {
		p.killAll()
	}
	awaitGroups() // a test that was killed alone, by its limit of time, may have left one as well
	for _, dir := range []string{p.temporary, p.scratch} {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintf(os.Stderr, "left behind: %v\n", err)
		}
	}
}

// patience bounds how long what dies may take.
const patience = 20 * time.Second

// killAll ends all processes of the run: it goes on until none is left, as they may fork.
func (p place) killAll() {
	mark := []byte(p.env()[0] + "\x00")
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		found := false
		all, _ := filepath.Glob("/proc/[0-9]*/environ")
		for _, path := range all {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			env, err := os.ReadFile(path)
			if err != nil || pid == os.Getpid() || !bytes.Contains(env, mark) {
				continue
			}
			found = syscall.Kill(pid, syscall.SIGKILL) == nil || found
		}
		if !found {
			return
		}
	}
}

// testGroup is the name of a control group of a test, which has its pid.
var testGroup = regexp.MustCompile(`^openmosix-t([0-9]+)-`)

// awaitGroups removes the control groups of tests that are gone, as soon as what was in them is as well.
func awaitGroups() {
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		left := groupsLeft()
		slices.Reverse(left) // what is within comes first
		var err error
		for _, dir := range left {
			err = errors.Join(err, os.Remove(dir))
		}
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			fmt.Fprintf(os.Stderr, "left behind: %v\n", err)
			return
		}
	}
}

// groupsLeft are the control groups of tests that are gone, with all that is in them.
func groupsLeft() (dirs []string) {
	within := ""
	_ = filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return nil // a group may go meanwhile
		}
		if m := testGroup.FindStringSubmatch(d.Name()); m != nil {
			pid, _ := strconv.Atoi(m[1])
			if syscall.Kill(pid, 0) == syscall.ESRCH {
				within = path
			}
		}
		if within != "" && (path == within || len(path) > len(within) && path[:len(within)+1] == within+"/") {
			dirs = append(dirs, path)
		}
		return nil
	})
	return dirs
}
