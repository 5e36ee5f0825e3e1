// Package bench measures what being away costs: always against something else
// measured in the same run, by turns, because machines are noisy.
package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// rounds is how often the program is measured at home and away.
const rounds = 5

// operations and the bytes a call of each has on the wire, out and in, which a
// bare exchange over TCP carries for comparison (0: none).
var operations = []struct {
	name, text string
	out, in    int
}{
	{"getppid", "forwarded getppid", 64, 64},
	{"read4k", "read of 4 KiB", 72, 4096 + 48},
	{"read64k", "read of 64 KiB", 72, 65536 + 48},
	{"open", "open and close (two calls)", 2 * 72, 2 * 48},
	{"here", "a call that runs here (madvise)", 0, 0},
	{"cpu", "CPU-bound loop", 0, 0},
	{"thread", "thread create and join", 0, 0},
	{"fork", "fork and wait", 0, 0},
	{"exec", "fork, execve of a static program, wait", 0, 0},
}

const port = 7997

// worker is a program that measures on command.
type worker struct {
	t   testing.TB
	pid int
	in  io.Writer
	out *bufio.Scanner
}

func start(b testing.TB, cmd *exec.Cmd) *worker {
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	w := &worker{t: b, in: in, out: bufio.NewScanner(out)}
	if !w.out.Scan() {
		b.Fatal("the program does not start")
	}
	w.pid, _ = strconv.Atoi(w.out.Text())
	return w
}

// ask gives nanoseconds.
func (w *worker) ask(line string) float64 {
	w.t.Helper()
	if _, err := fmt.Fprintln(w.in, line); err != nil || !w.out.Scan() {
		w.t.Fatalf("%s: no answer (%v)", line, err)
	}
	ns, err := strconv.ParseFloat(w.out.Text(), 64)
	if err != nil {
		w.t.Fatalf("%s: %s", line, w.out.Text())
	}
	return ns
}

// spread is the median, the least and the most.
func spread(v []float64) (median, least, most float64) {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2], v[0], v[len(v)-1]
}

func ratio(a, b []float64) string { return within(byRound(a, b)) }

// BenchmarkCalls prints a table; it goes into docs/BENCHMARKS.md.
func BenchmarkCalls(b *testing.B) { calls(b, labtest.Up(b, 2), "Calls") }

// BenchmarkCallsOneCPU has both nodes and what the call passes through on one CPU: no waking
// goes to another one, so what is measured is what a call costs of CPU time, on both sides
// together, and differs by little from run to run.
func BenchmarkCallsOneCPU(b *testing.B) { calls(b, labtest.UpOn(b, 0, 0), "Calls, all on one CPU") }

func calls(b *testing.B, lab *labtest.Lab, title string) {
	dir := labtest.Scratch(b)
	program, nothing := compiled(b, dir, "calls", "-pthread"), compiled(b, dir, "nothing", "-static")
	data := filepath.Join(dir, "data")
	if err := os.WriteFile(data, make([]byte, 1<<20), 0o644); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	start(b, lab.Command(ctx, 2, "/", program, "serve", strconv.Itoa(port)))
	mover := start(b, lab.Command(ctx, 1, "/", program, data, nothing))
	pinger := start(b, lab.Command(ctx, 1, "/", program, data, nothing))
	home, away, bare := map[string][]float64{}, map[string][]float64{}, map[string][]float64{}
	for range rounds {
		for _, o := range operations {
			home[o.name] = append(home[o.name], mover.ask(o.name))
		}
		if status, text := lab.Migrate(ctx, 1, mover.pid, 2); status != labtest.Moved {
			b.Fatalf("%v: %s", status, text)
		}
		for _, o := range operations {
			if o.out > 0 {
				pinger.ask(fmt.Sprintf("dial 10.77.0.2 %d %d %d", port, o.out, o.in))
				bare[o.name] = append(bare[o.name], pinger.ask("ping"))
			}
			away[o.name] = append(away[o.name], mover.ask(o.name))
		}
		if status, text := lab.Migrate(ctx, 1, mover.pid, labtest.Home); status != labtest.Moved {
			b.Fatalf("%v: %s", status, text)
		}
	}
	t := newTable(title, "operation", "at home, µs", "away, µs", "bare TCP exchange, µs", "away / home", "away / bare")
	for _, o := range operations {
		h, _, _ := spread(home[o.name])
		a, _, _ := spread(away[o.name])
		plain, against := "", ""
		if o.out > 0 {
			p, _, _ := spread(bare[o.name])
			plain, against = fmt.Sprintf("%.1f", p/1000), ratio(away[o.name], bare[o.name])
		}
		t.row(o.text, fmt.Sprintf("%.2f", h/1000), fmt.Sprintf("%.2f", a/1000), plain, ratio(away[o.name], home[o.name]), against)
	}
	t.print()
}
