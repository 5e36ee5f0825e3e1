package commands

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"openmosix/test/labtest"
)

// nodes of the lab that each script has to itself.
const nodes = 3

const commandLimit = 2 * time.Minute

// own are names of commands that are openmosix by another name.
var own = []string{"migrate", "mosctl", "setpe", "showmap", "mps", "why", "mosmon", "mtop", "mosrun", "omdiscd", "tune", "tune_kernel", "prep_tune",
	"nomig", "runhome", "runon", "cpujob", "iojob", "nodecay", "slowdecay", "fastdecay"}

func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	for _, path := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			lab := labtest.Up(t, nodes)
			s := &script{lab: lab}
			// The scripts of a lab run one after the other: testscript itself would run them at once.
			testscript.Run(t, testscript.Params{
				Files:               []string{path},
				RequireExplicitExec: true,
				Cmds:                map[string]func(*testscript.TestScript, bool, []string){"node": s.node, "eventually": s.eventually},
				Setup: func(e *testscript.Env) error {
					e.Vars = append(e.Vars, "SCRATCH="+labtest.Scratch(t))
					return nil
				},
			})
		})
	}
}

type script struct{ lab *labtest.Lab }

func (s *script) node(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("give the exit status instead of !")
	}
	if err := s.try(ts, args); err != nil {
		ts.Fatalf("%v\n%s%s", err, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// eventually is node, tried again until the output contains a word.
//
//	eventually WORD N [STATUS] COMMAND...
func (s *script) eventually(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: eventually WORD N [STATUS] COMMAND...")
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		err := s.try(ts, args[1:])
		if err == nil && strings.Contains(ts.ReadFile("stdout"), args[0]) {
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("waited in vain for %q: %v\n%s", args[0], err, ts.ReadFile("stdout"))
		}
	}
}

func (s *script) try(ts *testscript.TestScript, args []string) error {
	if len(args) < 2 {
		return errors.New("usage: node N [STATUS] COMMAND...")
	}
	number, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	want, rest := 0, args[1:]
	if status, err := strconv.Atoi(rest[0]); err == nil && len(rest) > 1 {
		want, rest = status, rest[1:]
	}
	if slices.Contains(own, rest[0]) {
		rest = append([]string{labtest.InNode}, rest...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
	defer cancel()
	c := s.lab.Command(ctx, number, "/", rest...)
	err = ts.Exec(c.Path, c.Args[1:]...)
	var exit *exec.ExitError
	got := 0
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("exit status %d, want %d", got, want)
	}
	return nil
}
