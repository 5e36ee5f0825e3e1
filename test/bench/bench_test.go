package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

func BenchmarkMove100MB(b *testing.B) { moves(b, 100) }

func BenchmarkMove1GB(b *testing.B) { moves(b, 1024) }

// moves sends a process with so many MB out and home again, b.N times.
func moves(b *testing.B, megabytes int) {
	lab := labtest.Up(b, 2)
	dir := labtest.Scratch(b)
	program := filepath.Join(dir, "writer")
	if out, err := exec.Command("gcc", "-O2", "-o", program, "src/writer.c").CombinedOutput(); err != nil {
		b.Skipf("gcc: %v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	w := lab.Command(ctx, 1, dir, program, strconv.Itoa(megabytes))
	stdout, err := w.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := w.Start(); err != nil {
		b.Fatal(err)
	}
	said := bufio.NewScanner(stdout)
	if !said.Scan() {
		b.Fatal("the writer says nothing")
	}
	pid, err := strconv.Atoi(strings.TrimSpace(said.Text()))
	if err != nil {
		b.Fatal(err)
	}
	defer lab.Kill(1, pid)
	copies := newCopier(b, lab, dir)
	// What every move costs, however small: the command, and a session.
	small := start(b, lab.Command(ctx, 1, dir, "sh", "-c", "echo $$; read end"))
	var out, home, rate, homeRate, raw, stored, encrypted, setUp []float64
	timed := func(pid int, to string) (still, took float64) {
		begun := time.Now()
		still = move(ctx, b, lab, pid, to)
		return still, time.Since(begun).Seconds()
	}
	b.ResetTimer()
	for range b.N {
		raw = append(raw, copies.rate(ctx, b, "tcp", megabytes))
		stored = append(stored, copies.rate(ctx, b, intoMemory, megabytes))
		encrypted = append(encrypted, copies.rate(ctx, b, "tls", megabytes))
		_, took := timed(small.pid, "2")
		setUp = append(setUp, 1000*took)
		move(ctx, b, lab, small.pid, "home")
		still, took := timed(pid, "2")
		out, rate = append(out, still), append(rate, float64(megabytes)/took)
		time.Sleep(200 * time.Millisecond) // it works there for a while
		still, took = timed(pid, "home")
		home, homeRate = append(home, still), append(homeRate, float64(megabytes)/took)
	}
	b.StopTimer()
	report(b, "out-still-ms", out)
	report(b, "home-still-ms", home)
	report(b, "move-MB/s", rate)
	report(b, "home-MB/s", homeRate)
	report(b, "tcp-MB/s", raw)
	report(b, "tcp-memory-MB/s", stored)
	report(b, "tls-MB/s", encrypted)
	report(b, "set-up-ms", setUp)
	b.ReportMetric(median(rate)/median(raw), "move/tcp")
	b.ReportMetric(median(rate)/median(stored), "move/tcp-memory")
	b.ReportMetric(median(rate)/median(encrypted), "move/tls")
	if err := lab.Command(ctx, 1, "/", "kill", "-TERM", strconv.Itoa(pid)).Run(); err != nil {
		b.Fatal(err)
	}
	if !said.Scan() || said.Text() != "right" {
		b.Fatalf("the writer's memory is not what it wrote: %q", said.Text())
	}
	_ = w.Wait() // it has said all
	t := newTable(fmt.Sprintf("Moves of %d MB, of which 1 MB is being written (n=%d)", megabytes, b.N), "", "median (least to most)")
	t.row("still, going out", format("%.0f", out)+" ms")
	t.row("still, coming home", format("%.0f", home)+" ms")
	t.row("rate, going out", format("%.0f", rate)+" MB/s")
	t.row("rate, coming home", format("%.0f", homeRate)+" MB/s")
	t.row("TCP copy of as much", format("%.0f", raw)+" MB/s")
	t.row("TCP copy into memory", format("%.0f", stored)+" MB/s")
	t.row("the same by TLS", format("%.0f", encrypted)+" MB/s")
	t.row("TCP copy / going out", format("%.2f", byRound(raw, rate)))
	t.row("TCP copy into memory / going out", format("%.2f", byRound(stored, rate)))
	t.row("TLS copy / going out", format("%.2f", byRound(encrypted, rate)))
	t.row("a shell goes out: the command and the session's set-up", format("%.0f", setUp)+" ms")
	t.row("rate, going out, less that", format("%.0f", without(rate, setUp, megabytes))+" MB/s")
	t.print()
}

// without is the rates as they would be had each move taken so many ms less.
func without(rates, less []float64, megabytes int) []float64 {
	r := make([]float64, len(rates))
	for i := range rates {
		r[i] = float64(megabytes) / (float64(megabytes)/rates[i] - less[i]/1000)
	}
	return r
}

// move tells how long the process stood still, in milliseconds. flags are more of migrate's.
func move(ctx context.Context, b *testing.B, lab *labtest.Lab, pid int, to string, flags ...string) float64 {
	b.Helper()
	argv := slices.Concat([]string{labtest.InNode, "migrate", "--json"}, flags, []string{strconv.Itoa(pid), to})
	text, err := lab.Command(ctx, 1, "/", argv...).CombinedOutput()
	var answer []struct {
		FrozenMicros float64 `json:"frozen_us"`
	}
	if err != nil || json.Unmarshal(text, &answer) != nil || len(answer) != 1 {
		b.Fatalf("migrate to %s: %v: %s", to, err, text)
	}
	return answer[0].FrozenMicros / 1000
}

func median(all []float64) float64 {
	s := slices.Sorted(slices.Values(all))
	return s[len(s)/2]
}

// report gives median, least and most.
func report(b *testing.B, unit string, all []float64) {
	b.ReportMetric(median(all), unit)
	b.Logf("%s: median %.1f, %.1f to %.1f (n=%d)", unit, median(all), slices.Min(all), slices.Max(all), len(all))
}
