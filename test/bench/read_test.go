package bench

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"openmosix/test/labtest"
)

const (
	readMB     = 360
	readRounds = 5
)

// BenchmarkRead has sha256sum read a large file, 32 KiB a time, at home and away by
// turns. It is away before it reads: its first argument is a pipe that has a name, at
// which it waits.
func BenchmarkRead(b *testing.B) {
	t := newTable(fmt.Sprintf("sha256sum of %d MB in reads of 32 KiB", readMB),
		"nodes", "the file is", "at home, s", "away, s", "away / home", "aim")
	for _, l := range []struct {
		name string
		up   func(testing.TB) *labtest.Lab
	}{
		{"one CPU each", func(b testing.TB) *labtest.Lab { return labtest.UpOn(b, 0, runtime.NumCPU()-1) }},
		{"all CPUs", func(b testing.TB) *labtest.Lab { return labtest.Up(b, 2) }},
	} {
		b.Run(strings.ReplaceAll(l.name, " ", "-"), func(b *testing.B) { reads(b, t, l.name, l.up(b)) })
	}
	t.print()
}

func reads(b *testing.B, t *table, nodes string, lab *labtest.Lab) {
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	dir := labtest.Scratch(b)
	gate := filepath.Join(dir, "gate")
	if err := syscall.Mkfifo(gate, 0o600); err != nil {
		b.Fatal(err)
	}
	shared := filepath.Join(dir, "file")
	// /tmp is a node's own.
	const own = "/tmp/file"
	line := fmt.Sprintf("head -c %dM /dev/urandom >%s; cp %s %s", readMB, shared, shared, own)
	if _, err := lab.Shell(ctx, 1, line); err != nil {
		b.Fatal(err)
	}
	want := ""
	for _, file := range []struct{ where, path string }{
		{"only at home, in a tmpfs", own},
		{"on a disk, cached; the lender has the same", shared},
	} {
		var home, away []float64
		for range b.N * readRounds {
			for _, to := range []int{labtest.Home, 2} {
				sum, took := summed(ctx, b, lab, gate, file.path, to)
				if want == "" {
					want = sum
				}
				if sum != want {
					b.Fatalf("the sum of %s at %s is %s, not %s", file.path, labtest.Destination(to), sum, want)
				}
				if to == labtest.Home {
					home = append(home, took)
				} else {
					away = append(away, took)
				}
			}
		}
		more := byRound(away, home)
		t.row(nodes, file.where, format("%.2f", home), format("%.2f", away), format("%.2f", more), "1.3")
		report(b, "away/home", more)
	}
}

// summed is the sum of a file, and how many seconds it took from the opening of the
// gate to sha256sum's end.
func summed(ctx context.Context, b *testing.B, lab *labtest.Lab, gate, file string, to int) (sum string, took float64) {
	b.Helper()
	// A shell says its pid and becomes sha256sum.
	c := lab.Command(ctx, 1, "/", "sh", "-c", `echo $$; exec sha256sum "$@"`, "sh", gate, file)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = c.Process.Kill() }()
	said := bufio.NewScanner(out)
	pid := 0
	if said.Scan() {
		pid, _ = strconv.Atoi(said.Text())
	}
	awaitOpening(ctx, b, lab, pid, "sha256sum")
	if to != labtest.Home {
		if status, text := lab.Migrate(ctx, 1, pid, to); status != labtest.Moved {
			b.Fatalf("%v: %s", status, text)
		}
	}
	begun := time.Now()
	if err := os.WriteFile(gate, nil, 0); err != nil { // opened and closed: it reads nothing, and goes on
		b.Fatal(err)
	}
	for said.Scan() {
		sum, _, _ = strings.Cut(said.Text(), " ")
	}
	took = time.Since(begun).Seconds()
	if err := c.Wait(); err != nil || len(sum) != 64 {
		b.Fatalf("sha256sum: %v: %q", err, sum)
	}
	return sum, took
}

// openat as /proc/PID/syscall has it.
const openat = "257 "

// awaitOpening waits until a process runs the program and waits for somebody to
// write into the pipe that it opens.
func awaitOpening(ctx context.Context, b *testing.B, lab *labtest.Lab, pid int, program string) {
	b.Helper()
	for range 100 {
		text, _ := lab.Shell(ctx, 1, fmt.Sprintf("cat /proc/%d/comm /proc/%d/syscall", pid, pid))
		if strings.HasPrefix(text, program+"\n"+openat) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	b.Fatalf("%s does not open its pipe", program)
}

// compiled builds a program of src, or skips.
func compiled(b *testing.B, dir, name string, flags ...string) string {
	b.Helper()
	program := filepath.Join(dir, name)
	args := append([]string{"-O2", "-o", program, "src/" + name + ".c"}, flags...)
	if out, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
		b.Skipf("gcc: %v: %s", err, out)
	}
	return program
}
