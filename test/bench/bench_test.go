package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
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
	// What every move costs, however small: the command, and a session.
	small := start(b, lab.Command(ctx, 1, dir, "sh", "-c", "echo $$; read end"))
	var out, home, rate, homeRate, raw, setUp []float64
	timed := func(pid int, to string) (still, took float64) {
		begun := time.Now()
		still = move(ctx, b, lab, pid, to)
		return still, time.Since(begun).Seconds()
	}
	b.ResetTimer()
	for range b.N {
		raw = append(raw, copyRate(b, megabytes))
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
	report(b, "set-up-ms", setUp)
	b.ReportMetric(median(raw)/median(rate), "tcp/move")
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
	t.row("TCP copy / going out", format("%.2f", byRound(raw, rate)))
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

// copyRate copies as much over a TCP connection on this machine, in MB/s.
func copyRate(b *testing.B, megabytes int) float64 {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	failed := make(chan error, 1)
	start := time.Now()
	go func() {
		c, err := net.Dial("tcp", l.Addr().String())
		if err == nil {
			buf := make([]byte, 256<<10)
			for sent := 0; sent < megabytes<<20 && err == nil; sent += len(buf) {
				_, err = c.Write(buf)
			}
			_ = c.Close()
		}
		failed <- err
	}()
	c, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	n, err := io.Copy(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{c})
	if err == nil {
		err = <-failed
	}
	if err != nil || n != int64(megabytes)<<20 {
		b.Fatal(fmt.Errorf("copied %d bytes: %w", n, err))
	}
	return float64(megabytes) / time.Since(start).Seconds()
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
