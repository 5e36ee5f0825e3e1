package bench

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// BenchmarkFollowed moves programs whose memory follows them: how many page faults
// had to wait for home, of how many pages; and how much less than later such a
// program gets done in its first seconds.
func BenchmarkFollowed(b *testing.B) {
	for _, way := range []string{"scan", "random"} {
		b.Run(way, func(b *testing.B) { followed(b, way, 1024) })
	}
}

const (
	tenths    = 10  // of a second, in a second
	comeLimit = 120 // seconds until everything has come
)

func followed(b *testing.B, way string, megabytes int) {
	lab := labtest.Up(b, 2)
	dir := labtest.Scratch(b)
	program := filepath.Join(dir, "visitor")
	if out, err := exec.Command("gcc", "-O2", "-o", program, "src/visitor.c").CombinedOutput(); err != nil {
		b.Skipf("gcc: %v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	c := lab.Command(ctx, 1, dir, program, strconv.Itoa(megabytes), way)
	stdout, err := c.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := c.Start(); err != nil {
		b.Fatal(err)
	}
	said := bufio.NewScanner(stdout)
	if !said.Scan() {
		b.Fatal("the visitor says nothing")
	}
	pid, err := strconv.Atoi(strings.TrimSpace(said.Text()))
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		lab.Kill(1, pid)
		_ = c.Wait()
	}()
	visits := make(chan float64, 1<<16)
	go func() {
		defer close(visits)
		for said.Scan() {
			var n float64
			if _, err := fmt.Sscan(said.Text(), &n); err == nil {
				visits <- n
			}
		}
	}()
	second := func() (n float64) {
		for range tenths {
			n += <-visits
		}
		return n
	}
	var still, first, next, avoided, took []float64
	b.ResetTimer()
	for range b.N {
		before := len(comes(b, lab))
		still = append(still, move(ctx, b, lab, pid, "2", "--strategy=postcopy"))
		for len(visits) > 0 {
			<-visits
		}
		one, two := second(), second()
		words := comes(b, lab)
		for n := 0; len(words) <= before; words = comes(b, lab) {
			if n++; n > comeLimit {
				b.Fatal("the memory has not come")
			}
			second()
		}
		steady := (second() + second()) / 2
		first, next = append(first, one/steady), append(next, two/steady)
		w := words[len(words)-1]
		avoided, took = append(avoided, 100*(1-w.faults/w.pages)), append(took, w.seconds)
		move(ctx, b, lab, pid, "home")
	}
	b.StopTimer()
	report(b, "still-ms", still)
	report(b, "first-second", first)
	report(b, "next-second", next)
	report(b, "avoided-%", avoided)
	report(b, "all-there-s", took)
}

// come is what a guest's supervisor tells of memory that has followed.
type come struct{ pages, faults, seconds float64 }

var comeLine = regexp.MustCompile(`memory has come.*pages=(\d+) faults=(\d+) took_us=(\d+)`)

func comes(b *testing.B, lab *labtest.Lab) []come {
	b.Helper()
	text, err := lab.Log(2)
	if err != nil {
		b.Fatal(err)
	}
	var all []come
	for _, m := range comeLine.FindAllStringSubmatch(text, -1) {
		var n [3]float64
		for i := range n {
			n[i], _ = strconv.ParseFloat(m[i+1], 64)
		}
		all = append(all, come{n[0], n[1], n[2] / 1e6})
	}
	return all
}
