package hostile

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

const (
	home, lender = 1, 2
	// wayLimit is for one way of attack; most take less than a second on a machine that has nothing else to do.
	wayLimit = 2 * time.Minute
	// patience with what takes a moment there.
	patience = time.Minute
	pause    = 20 * time.Millisecond
)

// ways of attack, and what the program must have said in the end. One that may
// be killed for what it does need not say anything.
var ways = []struct {
	name   string
	says   []string
	mayDie bool
}{
	{name: "addresses", says: []string{"own-page reads home", "own-page makes a file: 0", "vdso tried", "done"}},
	{name: "stub", says: []string{"stub tried", "done"}},
	{name: "old", says: []string{"int80: killed by", "farjump: killed by", "sysenter: killed by", "x32: -1 refused", "done"}},
	{name: "others", says: []string{"others: on node1", "done"}},
	{name: "files", says: []string{"file /tmp/secret: home", "loopback: Connection refused", "done"}},
	{name: "namespaces", says: []string{"namespaces tried", "done"}},
	{name: "weaken", says: []string{"weaken: opened 1", "done"}, mayDie: true},
	{name: "facilities", says: []string{"facilities: opened 1", "done"}},
	{name: "region", says: []string{"region 0: 41\n", "region 40000: 41\n", "region 100000: 41\n", "region 1a00000: 41\n", "region fffffffffffff000: 41\n", "length: 0", "region over", "done"}},
	{name: "slots", mayDie: true},
	{name: "private", says: []string{"private: killed by 11", "done"}},
	{name: "descriptors", says: []string{"openat: home", "descriptors tried", "done"}},
	{name: "numbers", says: []string{"vsyscall: killed by 11", "numbers: 0 taken", "done"}},
	{name: "supervisor", says: []string{"supervisor: reached 0", "done"}},
	{name: "kernel", says: []string{"got 0", "done"}, mayDie: true},
}

func build(t *testing.T, dir string) string {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("gcc is not here; Debian has it in gcc and libc6-dev")
	}
	program := filepath.Join(dir, "hostile")
	if out, err := exec.Command("gcc", "-O1", "-pthread", "-o", program, "src/hostile.c").CombinedOutput(); err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	return program
}

// run gives one line of shell to a node and fails the test if it fails.
func run(t *testing.T, lab *labtest.Lab, node int, line string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := lab.Command(ctx, node, "/", "/bin/sh", "-c", line).CombinedOutput()
	if err != nil {
		t.Fatalf("node %d: %s: %v\n%s", node, line, err, out)
	}
	return strings.TrimSpace(string(out))
}

func TestHostileGuest(t *testing.T) {
	lab := labtest.Up(t, 2)
	dir := labtest.Scratch(t)
	program := build(t, dir)
	run(t, lab, home, "echo home >/tmp/secret; chmod 644 /tmp/secret; chmod 1777 /tmp")
	run(t, lab, lender, "echo lender >/tmp/secret; chmod 666 /tmp/secret; chmod 1777 /tmp")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	listener := lab.Command(ctx, lender, "/", program, "listen")
	if err := listener.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Process.Kill(); _ = listener.Wait() }()
	before := processes(t, lab)
	for end := time.Now().Add(patience); !slices.Contains(before, "hostile") && time.Now().Before(end); before = processes(t, lab) {
		time.Sleep(pause)
	}
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			text, err := attack(t, lab, program, filepath.Join(dir, "go-"+w.name), w.name)
			if strings.Contains(text, "lender") || strings.Contains(text, "connected") {
				t.Errorf("it has reached the lender:\n%s", text)
			}
			if err != nil && !w.mayDie {
				t.Errorf("%v\n%s", err, text)
			}
			for _, want := range w.says {
				if err == nil && !strings.Contains(text, want) {
					t.Errorf("it does not say %q:\n%s", want, text)
				}
			}
			if got := run(t, lab, lender, "ls -A /tmp"); got != "secret" {
				t.Errorf("on the lender there are files now: %s", got)
			}
			if got := run(t, lab, lender, "cat /tmp/secret"); got != "lender" {
				t.Errorf("the lender's file says %q", got)
			}
		})
	}
	// Guests go a moment after their processes.
	var after []string
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * pause) {
		if after = processes(t, lab); slices.Equal(before, after) {
			return
		}
	}
	t.Errorf("the lender's processes were %v and are %v", before, after)
}

// attack runs one way on the lender, and gives what the program said.
func attack(t *testing.T, lab *labtest.Lab, program, goFile, way string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), wayLimit)
	defer cancel()
	cmd := lab.Command(ctx, home, "/", program, way, goFile)
	said, err := os.CreateTemp(t.TempDir(), "said")
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	text := func() string { b, _ := os.ReadFile(said.Name()); return string(b) }
	pid := 0
	for end := time.Now().Add(patience); pid == 0 && time.Now().Before(end); time.Sleep(pause) {
		line, _, _ := strings.Cut(text(), "\n")
		pid, _ = strconv.Atoi(strings.TrimPrefix(line, "ready "))
	}
	if pid == 0 {
		t.Fatalf("the program does not start: %s", text())
	}
	if status, what := lab.Migrate(ctx, home, pid, lender); status != labtest.Moved {
		lab.Kill(home, pid)
		_ = cmd.Wait()
		t.Fatalf("migrate: %v: %s", status, what)
	}
	if err := os.WriteFile(goFile, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	if ctx.Err() != nil {
		lab.Kill(home, pid)
		t.Errorf("it does not end within %v", wayLimit)
	}
	return text(), err
}

// processes are the lender's, by name.
func processes(t *testing.T, lab *labtest.Lab) []string {
	t.Helper()
	var names []string
	for name := range strings.FieldsSeq(run(t, lab, lender, "cat /proc/[0-9]*/comm 2>/dev/null || true")) {
		if name != "cat" && name != "sh" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
