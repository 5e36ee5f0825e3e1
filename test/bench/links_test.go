package bench

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// BenchmarkLinks moves a process of as much memory as goes through in two seconds over links of the rates that networks have:
// how fast it moves beside a TCP copy, how long it stands still, and what its calls take meanwhile.
func BenchmarkLinks(b *testing.B) {
	t := newTable("Moves over links of some rates", "link", "TCP, MB/s", "out, MB/s", "of TCP", "home, MB/s", "still out, ms", "still home, ms",
		"a call away, us", "while memory follows, us", "while it comes home, us")
	for _, mbit := range []int{100, 1000, 2500} {
		b.Run(fmt.Sprintf("%dMbit", mbit), func(b *testing.B) { overLink(b, t, mbit) })
	}
	t.print()
}

// linkRounds are of one run, each with processes of its own: a second trip carries what has changed.
const linkRounds = 3

func overLink(b *testing.B, t *table, mbit int) {
	megabytes := mbit / 4
	lab := labtest.UpRate(b, 2, mbit)
	dir := labtest.Scratch(b)
	program := filepath.Join(dir, "caller")
	if out, err := exec.Command("gcc", "-O2", "-o", program, "src/caller.c").CombinedOutput(); err != nil {
		b.Skipf("gcc: %v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	copies := newCopier(b, lab, dir)
	var tcp, out, share, home, stillOut, stillHome, quiet, follows, returns []float64
	for range linkRounds {
		tcp = append(tcp, copies.rate(ctx, b, "tcp", megabytes))
		c := startCaller(ctx, b, lab, program, megabytes)
		begun := time.Now()
		stillOut = append(stillOut, move(ctx, b, lab, c.pid, "2"))
		out = append(out, float64(megabytes)/time.Since(begun).Seconds())
		share = append(share, out[len(out)-1]/tcp[len(tcp)-1])
		quiet = append(quiet, c.during(func() { time.Sleep(time.Second) })...)
		begun = time.Now()
		returns = append(returns, c.during(func() { stillHome = append(stillHome, move(ctx, b, lab, c.pid, "home")) })...)
		home = append(home, float64(megabytes)/time.Since(begun).Seconds())
		c.judge(ctx)
		c = startCaller(ctx, b, lab, program, megabytes)
		move(ctx, b, lab, c.pid, "2", "--strategy=postcopy")
		follows = append(follows, c.during(func() { time.Sleep(1500 * time.Millisecond) })...)
		move(ctx, b, lab, c.pid, "home")
		c.judge(ctx)
	}
	t.row(fmt.Sprintf("%d Mbit/s", mbit), format("%.0f", tcp), format("%.0f", out), format("%.2f", share), format("%.0f", home), format("%.0f", stillOut), format("%.0f", stillHome),
		format("%.0f", quiet), format("%.0f", follows), format("%.0f", returns))
}

// caller is src/caller.c.
type caller struct {
	b    *testing.B
	lab  *labtest.Lab
	pid  int
	took chan float64 // what its calls take, us; closed when it ends
	last string       // what it said then
}

func startCaller(ctx context.Context, b *testing.B, lab *labtest.Lab, program string, megabytes int) *caller {
	b.Helper()
	run := lab.Command(ctx, 1, filepath.Dir(program), program, strconv.Itoa(megabytes))
	stdout, err := run.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := run.Start(); err != nil {
		b.Fatal(err)
	}
	said := bufio.NewScanner(stdout)
	if !said.Scan() {
		b.Fatal("the caller says nothing")
	}
	c := &caller{b: b, lab: lab, took: make(chan float64, 1<<12)}
	if c.pid, err = strconv.Atoi(said.Text()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { lab.Kill(1, c.pid) })
	go func() {
		defer close(c.took)
		for said.Scan() {
			us, err := strconv.ParseFloat(said.Text(), 64)
			if err != nil {
				c.last = said.Text()
				break
			}
			c.took <- us
		}
		_ = run.Wait() // it has said all
	}()
	return c
}

// during is what calls take from the beginning of f to its end. What is told first is of before as well.
func (c *caller) during(f func()) []float64 {
	c.b.Helper()
	for len(c.took) > 0 {
		<-c.took
	}
	<-c.took
	f()
	var all []float64
	for len(c.took) > 0 {
		all = append(all, <-c.took)
	}
	if len(all) == 0 {
		c.b.Fatal("it was too short for a call")
	}
	return all
}

// judge has the program look at its memory.
func (c *caller) judge(ctx context.Context) {
	c.b.Helper()
	if err := c.lab.Command(ctx, 1, "/", "kill", "-TERM", strconv.Itoa(c.pid)).Run(); err != nil {
		c.b.Fatal(err)
	}
	for range c.took {
	}
	if c.last != "right" {
		c.b.Fatalf("the caller's memory is not what it wrote: %q", c.last)
	}
}
