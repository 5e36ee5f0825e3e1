package bench

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

const (
	spreadPrograms = 8
	spreadRounds   = 3
	// programTime is how long one of them takes, alone on node 1: long beside the
	// one or two seconds that a decision takes.
	programTime = 16 * time.Second
	// handPart of the work is done by hand.
	handPart = 4
	// speedChunks are what a node's speed is measured with: some seconds.
	speedChunks = 1000
)

// BenchmarkSpreadEqual: programs that want a CPU each, all started on node 1 of
// two nodes with one CPU each.
func BenchmarkSpreadEqual(b *testing.B) { spreadOut(b, 100) }

// BenchmarkSpreadUnequal: node 2 is told, and made, to be half as fast, by a
// quota on its CPU time.
func BenchmarkSpreadUnequal(b *testing.B) { spreadOut(b, 50) }

// spreadOut gives the makespan over that of a perfect split: all the work over the
// sum of the speeds that one program has alone on each node. They are measured with
// each round, and the highest count: other work on the machine makes a node slower,
// nothing makes it faster. That this can be had, and no less, the same work shows
// divided by hand in that ratio, by turns.
func spreadOut(b *testing.B, percent int) {
	lab := labtest.UpBalanced(b, 0, runtime.NumCPU()-1)
	dir := labtest.Scratch(b)
	program := filepath.Join(dir, "chunks")
	if out, err := exec.Command("gcc", "-O2", "-o", program, "src/chunks.c").CombinedOutput(); err != nil {
		b.Skipf("gcc: %v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	if percent != 100 {
		if err := lab.Quota(2, percent); err != nil {
			b.Skip(err)
		}
	}
	for _, line := range []string{"mosctl setspeed 10000", fmt.Sprintf("mosctl -n 2 setspeed %d", 100*percent)} {
		if _, err := lab.Shell(ctx, 1, labtest.InNode+" "+line); err != nil {
			b.Fatal(err)
		}
	}
	r := &spreadRun{ctx: ctx, b: b, lab: lab, program: program}
	var first, second float64
	measure := func() { first, second = max(first, r.speed(1)), max(second, r.speed(2)) }
	measure()
	chunks := int(first * programTime.Seconds())
	all := spreadPrograms * chunks
	var ours, hands []float64
	b.ResetTimer()
	for range b.N * spreadRounds {
		hand := r.byHand(all/handPart, first/(first+second))
		took, moves := r.makespan(chunks)
		b.Logf("by hand %.1f s, by themselves %.1f s%s", hand*handPart, took, moves)
		ours, hands = append(ours, took), append(hands, hand*handPart)
		measure()
	}
	b.StopTimer()
	perfect := float64(all) / (first + second)
	b.Logf("a program alone takes %.2f s on node 1, %.2f s on node 2; perfect %.1f s, whole programs at best %.3f of that",
		float64(chunks)/first, float64(chunks)/second, perfect, wholeAtBest(first, second))
	report(b, "makespan-s", ours)
	reportRatio(b, "makespan/perfect", ours, perfect)
	reportRatio(b, "by-hand/perfect", hands, perfect)
}

func reportRatio(b *testing.B, unit string, all []float64, of float64) {
	var ratios []float64
	for _, v := range all {
		ratios = append(ratios, v/of)
	}
	b.ReportMetric(median(ratios), unit)
	b.Logf("%s: median %.3f, %.3f to %.3f (n=%d)", unit, median(ratios), slices.Min(ratios), slices.Max(ratios), len(ratios))
}

// wholeAtBest is how far from a perfect split programs end that stay where they
// are, however many are on each node.
func wholeAtBest(first, second float64) float64 {
	best := float64(spreadPrograms) / first
	for n := range spreadPrograms {
		best = min(best, max(float64(n)/first, float64(spreadPrograms-n)/second))
	}
	return best * (first + second) / spreadPrograms
}

type spreadRun struct {
	ctx     context.Context
	b       *testing.B
	lab     *labtest.Lab
	program string
}

// begun is one program under way.
type begun struct {
	cmd    *exec.Cmd
	chunks int
	out    *labtest.Output
}

func (r *spreadRun) start(node, chunks int, command ...string) *begun {
	r.b.Helper()
	p := &begun{chunks: chunks, out: &labtest.Output{}}
	p.cmd = r.lab.Command(r.ctx, node, filepath.Dir(r.program), append(command, r.program, strconv.Itoa(chunks))...)
	p.cmd.Stdout = p.out
	if err := p.cmd.Start(); err != nil {
		r.b.Fatal(err)
	}
	return p
}

// locked starts a program that stays on its node.
func (r *spreadRun) locked(node, chunks int) *begun {
	return r.start(node, chunks, labtest.InNode, "mosrun", "-L")
}

// said waits for its end and gives its result, and how long it says it took.
func (p *begun) said(b *testing.B) (sum string, took time.Duration) {
	b.Helper()
	if err := p.cmd.Wait(); err != nil {
		b.Fatalf("a program ends: %v: %s", err, p.out)
	}
	micros := int64(0)
	if _, err := fmt.Sscanf(p.out.String(), "%s %d\n", &sum, &micros); err != nil {
		b.Fatalf("%v: %s", err, p.out)
	}
	return sum, time.Duration(micros) * time.Microsecond
}

// allSaid waits for the end of all; those that did the same have the same result.
func allSaid(b *testing.B, all []*begun) {
	b.Helper()
	sums := map[int]string{}
	for _, p := range all {
		sum, _ := p.said(b)
		if first := cmp.Or(sums[p.chunks], sum); sum != first {
			b.Fatalf("%d chunks give %s; another program has %s", p.chunks, sum, first)
		}
		sums[p.chunks] = sum
	}
}

// speed is how many chunks a second one program does that is alone.
func (r *spreadRun) speed(node int) float64 {
	r.b.Helper()
	_, took := r.locked(node, speedChunks).said(r.b)
	return speedChunks / took.Seconds()
}

// byHand has so much work done by as many programs as ever, half of them on each
// node and locked to it, and of a share of it, that on node 1, each of them an equal
// part. It is from the start of the first to the end of the last, in seconds.
func (r *spreadRun) byHand(chunks int, share float64) float64 {
	r.b.Helper()
	each := float64(chunks) * 2 / spreadPrograms
	var all []*begun
	start := time.Now()
	for range spreadPrograms / 2 {
		all = append(all, r.locked(1, int(each*share)), r.locked(2, int(each*(1-share))))
	}
	allSaid(r.b, all)
	return time.Since(start).Seconds()
}

// makespan is from the start of the first to the end of the last, all begun on
// node 1, in seconds; and the moves, for people.
func (r *spreadRun) makespan(chunks int) (took float64, moves string) {
	r.b.Helper()
	start := time.Now()
	said := r.watch()
	var all []*begun
	for range spreadPrograms {
		all = append(all, r.start(1, chunks))
	}
	allSaid(r.b, all)
	took = time.Since(start).Seconds()
	return took, said(start)
}

// watch follows what moves, until it is asked for it.
func (r *spreadRun) watch() (said func(start time.Time) string) {
	r.b.Helper()
	out := &labtest.Output{}
	ctx, cancel := context.WithCancel(r.ctx)
	cmd := r.lab.Command(ctx, 1, "/", labtest.InNode, "events", "--all", "--json", "--kind", "moved,move-failed,move-refused")
	cmd.Stdout = out
	if err := cmd.Start(); err != nil {
		r.b.Fatal(err)
	}
	return func(start time.Time) string {
		cancel()
		_ = cmd.Wait() // it has been ended
		var lines []string
		for s := bufio.NewScanner(strings.NewReader(out.String())); s.Scan(); {
			var e struct {
				Time     time.Time
				Kind     string
				PID      int
				Move     string
				From, To int
				Why      string
				Reason   string
			}
			if json.Unmarshal(s.Bytes(), &e) == nil && e.Kind != "" {
				lines = append(lines, fmt.Sprintf("%6.1f s: %s %s of %d, %d to %d: %s%s", e.Time.Sub(start).Seconds(), e.Kind, e.Move, e.PID, e.From, e.To, e.Why, e.Reason))
			}
		}
		slices.Sort(lines)
		return "\n" + strings.Join(lines, "\n")
	}
}
