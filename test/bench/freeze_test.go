package bench

import (
	"bufio"
	"context"
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

// BenchmarkFreeze tells how long processes of some sizes stand still that write
// into more or less of their memory all the time, on each kind of way.
func BenchmarkFreeze(b *testing.B) {
	columns := []string{"size, written"}
	for _, name := range freezeKinds {
		columns = append(columns, name+", ms")
	}
	t := newTable("How long it stands still", columns...)
	for _, size := range []int{100, 1024, 4096} {
		for _, set := range []int{1, 100} {
			b.Run(fmt.Sprintf("%dMB-%dMB", size, set), func(b *testing.B) { freezes(b, t, size, set) })
		}
	}
	t.print()
}

var freezeKinds = []string{"home-2", "2-3", "3-home", "2-home"}

// freezeWays are gone in this order.
var freezeWays = []struct{ to, name string }{{"2", "home-2"}, {"3", "2-3"}, {"home", "3-home"}, {"2", "home-2"}, {"home", "2-home"}}

// copies of a process there are at times: its own, what follows it, and what a node
// that it leaves still has.
const copies = 3

func freezes(b *testing.B, t *table, size, set int) {
	if free := available(b); free < copies*size {
		b.Skipf("%d MiB of memory are available, %d are needed", free, copies*size)
	}
	lab := labtest.Up(b, 3)
	w := startWriter(b, lab, size, set)
	still := map[string][]float64{}
	b.ResetTimer()
	for range b.N {
		for _, way := range freezeWays {
			still[way.name] = append(still[way.name], move(w.ctx, b, lab, w.pid, way.to))
			time.Sleep(500 * time.Millisecond) // it works there for a while
		}
	}
	b.StopTimer()
	w.judge(b)
	cells := []string{fmt.Sprintf("%d MB, %d MB", size, set)}
	for _, name := range freezeKinds {
		report(b, name+"-ms", still[name])
		cells = append(cells, format("%.0f", still[name]))
	}
	t.row(cells...)
}

// available is how many MiB of memory can be had on this machine.
func available(b *testing.B) int {
	b.Helper()
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "MemAvailable:")
	kib, err := strconv.Atoi(strings.Fields(after + " ?")[0])
	if err != nil {
		b.Fatal(err)
	}
	return kib / 1024
}

// writer is the program that holds and writes memory.
type writer struct {
	ctx  context.Context
	lab  *labtest.Lab
	pid  int
	said *bufio.Scanner
}

func startWriter(b *testing.B, lab *labtest.Lab, size, set int) *writer {
	dir := labtest.Scratch(b)
	program := filepath.Join(dir, "writer")
	if out, err := exec.Command("gcc", "-O2", "-o", program, "src/writer.c").CombinedOutput(); err != nil {
		b.Skipf("gcc: %v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	b.Cleanup(cancel)
	c := lab.Command(ctx, 1, dir, program, strconv.Itoa(size), strconv.Itoa(set))
	stdout, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	w := &writer{ctx: ctx, lab: lab, said: bufio.NewScanner(stdout)}
	if !w.said.Scan() {
		b.Fatal("the writer says nothing")
	}
	if w.pid, err = strconv.Atoi(strings.TrimSpace(w.said.Text())); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		lab.Kill(1, w.pid)
		_ = c.Wait() // it has said all
	})
	return w
}

// still asks how long, in ms, the writer wrote nothing at most since it was asked last.
func (w *writer) still(b *testing.B) float64 {
	b.Helper()
	if err := w.lab.Command(w.ctx, 1, "/", "kill", "-USR1", strconv.Itoa(w.pid)).Run(); err != nil {
		b.Fatal(err)
	}
	if !w.said.Scan() {
		b.Fatal("the writer does not go on")
	}
	ms, err := stillTime(w.said.Text())
	if err != nil {
		b.Fatal(err)
	}
	return ms
}

// stillTime is what the writer's answer says, in ms.
func stillTime(line string) (float64, error) {
	micros, err := strconv.ParseFloat(strings.TrimPrefix(line, "still "), 64)
	return micros / 1000, err
}

// judge ends the writer, which checks its memory.
func (w *writer) judge(b *testing.B) {
	b.Helper()
	if err := w.lab.Command(w.ctx, 1, "/", "kill", "-TERM", strconv.Itoa(w.pid)).Run(); err != nil {
		b.Fatal(err)
	}
	if !w.said.Scan() || w.said.Text() != "right" {
		b.Fatalf("the writer's memory is not what it wrote: %q", w.said.Text())
	}
}
