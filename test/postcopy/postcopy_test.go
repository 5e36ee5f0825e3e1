package postcopy

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

const limit = 3 * time.Minute

// program is one that looks after its memory: src/later.c.
type program struct {
	lab  *labtest.Lab
	pid  int
	said *bufio.Scanner
	run  *exec.Cmd
}

func build(t testing.TB) string {
	dir := labtest.Scratch(t)
	path := filepath.Join(dir, "later")
	if out, err := exec.Command("gcc", "-O1", "-pthread", "-o", path, "src/later.c").CombinedOutput(); err != nil {
		t.Skipf("gcc: %v: %s", err, out)
	}
	return path
}

func start(t testing.TB, ctx context.Context, lab *labtest.Lab, path, way string, megabytes int) *program {
	t.Helper()
	return begin(t, lab, lab.Command(ctx, 1, filepath.Dir(path), path, way, strconv.Itoa(megabytes)))
}

// begin starts a program that says its number first.
func begin(t testing.TB, lab *labtest.Lab, run *exec.Cmd) *program {
	t.Helper()
	p := &program{lab: lab, run: run}
	p.run.Stderr = os.Stderr
	stdout, err := p.run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.run.Start(); err != nil {
		t.Fatal(err)
	}
	p.said = bufio.NewScanner(stdout)
	if !p.said.Scan() {
		t.Fatal("the program says nothing")
	}
	if p.pid, err = strconv.Atoi(strings.TrimSpace(p.said.Text())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		lab.Kill(1, p.pid)
		_ = p.run.Wait() // it has said all
	})
	return p
}

// move tells how long the program stood still.
func (p *program) move(t testing.TB, ctx context.Context, to, strategy string) time.Duration {
	t.Helper()
	for { // while it is busy, such as in the middle of a fork
		args := []string{labtest.InNode, "migrate", "--json", strconv.Itoa(p.pid), to}
		if strategy != "" {
			args = append(args, "--strategy", strategy)
		}
		text, err := p.lab.Command(ctx, 1, "/", args...).CombinedOutput()
		var answer []struct {
			Frozen int64  `json:"frozen_us"`
			Code   string `json:"code"`
		}
		decoded := json.NewDecoder(strings.NewReader(string(text))).Decode(&answer) == nil && len(answer) == 1
		if decoded && answer[0].Code == "busy" && ctx.Err() == nil {
			continue
		}
		if err != nil || !decoded {
			t.Fatalf("migrate to %s: %v: %s (the program: %s)", to, err, text, p.last())
		}
		return time.Duration(answer[0].Frozen) * time.Microsecond
	}
}

// last is what it said in the end, if it has ended.
func (p *program) last() string {
	if p.lab.Command(context.Background(), 1, "/", "kill", "-0", strconv.Itoa(p.pid)).Run() == nil {
		return "runs"
	}
	p.said.Scan()
	text := p.said.Text()
	return fmt.Sprintf("ended: %q, %v", text, p.run.Wait())
}

// judge has the program look at all of its memory.
func (p *program) judge(t testing.TB, ctx context.Context) {
	t.Helper()
	if err := p.lab.Command(ctx, 1, "/", "kill", "-TERM", strconv.Itoa(p.pid)).Run(); err != nil {
		t.Errorf("it cannot be ended: %v (the program: %s)", err, p.last())
		return
	}
	if !p.said.Scan() || p.said.Text() != "right" {
		t.Errorf("the program says %q", p.said.Text())
	}
}

// ways are how the program uses its memory, see src/later.c, and how much it has.
var ways = []struct {
	name      string
	megabytes int
	quick     bool
}{
	{"read", 1024, false},
	{"write", 128, false},
	{"map", 192, true},
	{"threads", 128, true},
	{"fork", 64, true},
}

// TestMemoryFollows moves programs that do not stop using their memory, and on
// before the last page of it has come.
func TestMemoryFollows(t *testing.T) {
	lab := labtest.Up(t, 3)
	path := build(t)
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			if testing.Short() && !way.quick {
				t.Skip("not part of the short run")
			}
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			p := start(t, ctx, lab, path, way.name, way.megabytes)
			for _, leg := range []struct {
				to   string
				wait time.Duration // afterwards; what is missing comes within it, or not
			}{{"2", 0}, {"3", 0}, {"home", 0}, {"3", 0}, {"home", 0}, {"2", 3 * time.Second}, {"home", 0}, {"2", 0}} {
				still := p.move(t, ctx, leg.to, "postcopy")
				t.Logf("to %s: stood still for %v", leg.to, still)
				time.Sleep(leg.wait)
			}
			p.judge(t, ctx)
		})
	}
}
