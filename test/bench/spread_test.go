package bench

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

const (
	spreadPrograms = 8
	// spreadChunks of work each has: some seconds on an idle machine.
	spreadChunks = 2000
	// rateTime is for how long both nodes are kept busy by hand.
	rateTime = 5 * time.Second
)

// BenchmarkSpreadEqual: programs that want a CPU each, all started on node 1 of
// two nodes with one CPU each.
func BenchmarkSpreadEqual(b *testing.B) { spreadOut(b, 0) }

// BenchmarkSpreadUnequal: node 2 is told, and made, to be half as fast, by a
// quota on its CPU time.
func BenchmarkSpreadUnequal(b *testing.B) { spreadOut(b, 50) }

// spreadOut gives the makespan over that of a perfect split: all the work over the
// rate at which both nodes work while they are kept busy by hand. Both are
// measured by turns.
func spreadOut(b *testing.B, percent int) {
	lab := labtest.UpBalanced(b, 0, runtime.NumCPU()-1)
	dir := labtest.Scratch(b)
	program := filepath.Join(dir, "chunks")
	if out, err := exec.Command("gcc", "-O2", "-o", program, "src/chunks.c").CombinedOutput(); err != nil {
		b.Skipf("gcc: %v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	speed := 10000
	if percent != 0 {
		if err := lab.Quota(2, percent); err != nil {
			b.Skip(err)
		}
		speed = speed * percent / 100
	}
	for _, line := range []string{"mosctl setspeed 10000", fmt.Sprintf("mosctl -n 2 setspeed %d", speed)} {
		if _, err := lab.Shell(ctx, 1, labtest.InNode+" "+line); err != nil {
			b.Fatal(err)
		}
	}
	r := &spreadRun{ctx: ctx, b: b, lab: lab, program: program}
	var ours, perfect, ratios []float64
	b.ResetTimer()
	for range b.N {
		rate := r.rate()
		took := r.makespan()
		rate = (rate + r.rate()) / 2 // other work on the machine comes and goes
		ours = append(ours, took)
		perfect = append(perfect, spreadPrograms*spreadChunks/rate)
		ratios = append(ratios, took*rate/(spreadPrograms*spreadChunks))
	}
	b.StopTimer()
	report(b, "makespan-s", ours)
	report(b, "perfect-s", perfect)
	report(b, "makespan/perfect", ratios)
}

type spreadRun struct {
	ctx     context.Context
	b       *testing.B
	lab     *labtest.Lab
	program string
}

// begun is one program under way.
type begun struct {
	cmd *exec.Cmd
	out *labtest.Output
}

func (r *spreadRun) start(node, chunks int, command ...string) *begun {
	r.b.Helper()
	p := &begun{out: &labtest.Output{}}
	p.cmd = r.lab.Command(r.ctx, node, filepath.Dir(r.program), append(command, r.program, strconv.Itoa(chunks))...)
	p.cmd.Stdout = p.out
	if err := p.cmd.Start(); err != nil {
		r.b.Fatal(err)
	}
	return p
}

// said waits for its end and gives how many chunks it did, and the sum.
func (p *begun) said(b *testing.B) (chunks int, sum string) {
	b.Helper()
	if err := p.cmd.Wait(); err != nil {
		b.Fatalf("a program ends: %v: %s", err, p.out)
	}
	if _, err := fmt.Sscanf(p.out.String(), "begun\n%d %s\n", &chunks, &sum); err != nil {
		b.Fatalf("%v: %s", err, p.out)
	}
	return chunks, sum
}

// rate is how many chunks a second both nodes do, kept busy by programs that are
// locked to them.
func (r *spreadRun) rate() float64 {
	r.b.Helper()
	var all []*begun
	for i := range spreadPrograms {
		all = append(all, r.start(1+i%2, 1<<30, labtest.InNode, "mosrun", "-L"))
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		ready := 0
		for _, p := range all {
			if strings.HasPrefix(p.out.String(), "begun") {
				ready++
			}
		}
		if ready == len(all) {
			break
		}
		if time.Now().After(deadline) {
			r.b.Fatal("not all programs begin")
		}
	}
	start := time.Now()
	time.Sleep(rateTime)
	passed := time.Since(start)
	for _, node := range []int{1, 2} {
		if _, err := r.lab.Shell(r.ctx, node, "pkill -TERM -x chunks"); err != nil {
			r.b.Fatal(err)
		}
	}
	done := 0
	for _, p := range all {
		n, _ := p.said(r.b)
		done += n
	}
	return float64(done) / passed.Seconds()
}

// makespan is from the start of the first to the end of the last, all begun on
// node 1, each with the right result.
func (r *spreadRun) makespan() float64 {
	r.b.Helper()
	var all []*begun
	start := time.Now()
	for range spreadPrograms {
		all = append(all, r.start(1, spreadChunks))
	}
	first := ""
	for _, p := range all {
		n, sum := p.said(r.b)
		if first == "" {
			first = sum
		}
		if n != spreadChunks || sum != first {
			r.b.Fatalf("%d chunks, %s; another has %s", n, sum, first)
		}
	}
	return time.Since(start).Seconds()
}
