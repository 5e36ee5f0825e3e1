package balance

import (
	"bufio"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// patience with what takes seconds on an idle machine and much longer on a busy one.
const patience = 100 * time.Second

// workers are CPU-bound programs on node 1.
type workers struct {
	t   *testing.T
	lab *labtest.Lab
	dir string
	all []*worker
}

type worker struct {
	cmd  *exec.Cmd
	pid  int
	said *bufio.Scanner
}

// newWorkers has nobody at work yet. In the end all have to have computed what is right.
func newWorkers(t *testing.T, lab *labtest.Lab) *workers {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc is not here; Debian has it in gcc and libc6-dev")
	}
	lab.Limit(patience)
	w := &workers{t: t, lab: lab, dir: labtest.Scratch(t)}
	if out, err := exec.Command("gcc", "-O2", "-o", filepath.Join(w.dir, "worker"), "src/worker.c").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v: %s", err, out)
	}
	return w
}

// busy is the part of the machine's processors that is used during d, 0 to 1.
func (w *workers) busy(d time.Duration) float64 {
	w.t.Helper()
	// proc_stat(5): user nice system idle iowait ..., in ticks since the boot.
	read := func() (all, idle float64) {
		text, err := os.ReadFile("/proc/stat")
		if err != nil {
			w.t.Fatal(err)
		}
		line, _, _ := strings.Cut(string(text), "\n")
		for i, word := range strings.Fields(line)[1:9] {
			n, err := strconv.ParseFloat(word, 64)
			if err != nil {
				w.t.Fatal(err)
			}
			all += n
			if i == 3 || i == 4 {
				idle += n
			}
		}
		return all, idle
	}
	all, idle := read()
	time.Sleep(d)
	later, idleLater := read()
	return 1 - (idleLater-idle)/max(later-all, 1)
}

// start begins so many, each as the end of a command.
func (w *workers) start(n int, command ...string) {
	w.t.Helper()
	for range n {
		c := w.lab.Command(w.t.Context(), 1, w.dir, append(command, filepath.Join(w.dir, "worker"))...)
		out, err := c.StdoutPipe()
		if err != nil {
			w.t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			w.t.Fatal(err)
		}
		one := &worker{cmd: c, said: bufio.NewScanner(out)}
		w.all = append(w.all, one)
		if !one.said.Scan() {
			w.t.Fatal("a worker says nothing")
		}
		if one.pid, err = strconv.Atoi(one.said.Text()); err != nil {
			w.t.Fatal(err)
		}
	}
}

// end lets all finish and looks at what they say.
func (w *workers) end() {
	w.t.Helper()
	for _, one := range w.all {
		w.do(1, "kill -TERM "+strconv.Itoa(one.pid))
	}
	for _, one := range w.all {
		if !one.said.Scan() || one.said.Text() != "right" {
			w.t.Errorf("process %d ends with %q", one.pid, one.said.Text())
		}
		if err := one.cmd.Wait(); err != nil {
			w.t.Errorf("process %d: %v", one.pid, err)
		}
	}
	w.all = nil
}

// away tells how many of them are on node 2.
func (w *workers) away() int {
	w.t.Helper()
	procs, err := w.lab.Processes(w.t.Context(), 1)
	if err != nil {
		w.t.Fatal(err)
	}
	n := 0
	for _, p := range procs {
		for _, one := range w.all {
			if p.PID == one.pid && p.Node == 2 {
				n++
			}
		}
	}
	return n
}

// until waits for a number of them on node 2 that is right.
func (w *workers) until(what string, right func(away int) bool) {
	w.t.Helper()
	seen := -1
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(300 * time.Millisecond) {
		if seen = w.away(); right(seen) {
			return
		}
	}
	w.t.Fatalf("%s: after %v there are %d of %d on node 2", what, patience, seen, len(w.all))
}

// throughout looks for some seconds whether that stays so.
func (w *workers) throughout(what string, seconds int, right func(away int) bool) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Duration(seconds) * time.Second); time.Now().Before(deadline); time.Sleep(300 * time.Millisecond) {
		if n := w.away(); !right(n) {
			w.t.Errorf("%s: there are %d of %d on node 2", what, n, len(w.all))
			return
		}
	}
}

// do gives one line to a node.
func (w *workers) do(node int, line string) string {
	w.t.Helper()
	out, err := w.lab.Shell(w.t.Context(), node, line)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

// compiled is a program made of its source in src.
func (w *workers) compiled(t *testing.T, name string) string {
	t.Helper()
	program := filepath.Join(w.dir, name)
	if out, err := exec.Command("gcc", "-O1", "-o", program, "src/"+name+".c").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v: %s", err, out)
	}
	return program
}

// begunElsewhere is a line of openmosix events: a program has begun on another node.
var begunElsewhere = regexp.MustCompile(`"move":"placed","pid":[0-9]+,"command":"([^"]*)"`)

// placed counts the programs that have begun on another node, by their names, as far as that is told within some seconds.
func (w *workers) placed() map[string]int {
	w.t.Helper()
	n := map[string]int{}
	for _, one := range begunElsewhere.FindAllStringSubmatch(w.do(1, "timeout 3 "+labtest.InNode+" events --kind moved --since 1h --json || true"), -1) {
		n[one[1]]++
	}
	return n
}

// placedAtLeast waits until so many have been told: a busy machine takes its time.
func (w *workers) placedAtLeast(least map[string]int) {
	w.t.Helper()
	var n map[string]int
	few := func(name string) bool { return n[name] < least[name] }
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		n = w.placed()
		if !slices.ContainsFunc(slices.Collect(maps.Keys(least)), few) {
			return
		}
	}
	w.t.Errorf("begun on node 2 have %v, not at least %v", n, least)
}
