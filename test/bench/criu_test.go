package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"openmosix/test/labtest"
)

const (
	criuRounds = 3
	criuMB     = 1024
)

// BenchmarkCriu moves a process out and home, and, by turns, has CRIU dump the same
// program into a tmpfs and restore it. Where CRIU is not here or does not work with
// this kernel, which a small process tells, its row says so.
func BenchmarkCriu(b *testing.B) {
	lab := labtest.Up(b, 2)
	dir := labtest.Scratch(b)
	program := compiled(b, dir, "writer")
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	c := &criu{b: b, ctx: ctx, dir: dir, program: program}
	why := c.unfit()
	w := startWriter(b, lab, criuMB, 1)
	var out, home, dumped, restored []float64
	for range b.N * criuRounds {
		begun := time.Now()
		move(ctx, b, lab, w.pid, "2")
		out = append(out, time.Since(begun).Seconds())
		begun = time.Now()
		move(ctx, b, lab, w.pid, "home")
		home = append(home, time.Since(begun).Seconds())
		if why == nil {
			d, r, err := c.once(criuMB)
			if err != nil {
				b.Fatal(err)
			}
			dumped, restored = append(dumped, d), append(restored, r)
		}
	}
	w.judge(b)
	t := newTable(fmt.Sprintf("%d MB, of which 1 MB is being written; CRIU writes to a tmpfs", criuMB), "", "seconds")
	t.row("a move out", format("%.2f", out))
	t.row("a move home", format("%.2f", home))
	if why == nil {
		t.row("criu dump", format("%.2f", dumped))
		t.row("criu restore", format("%.2f", restored))
		t.row("dump and restore / a move out", format("%.2f", byRound(sums(dumped, restored), out)))
	} else {
		t.row("criu", "left out: "+why.Error())
	}
	t.print()
}

func sums(a, b []float64) []float64 {
	r := make([]float64, len(a))
	for i := range a {
		r[i] = a[i] + b[i]
	}
	return r
}

type criu struct {
	b       *testing.B
	ctx     context.Context
	dir     string // of the program, for what it says
	program string
}

// unfit is why CRIU cannot be compared with here; nil: it can.
func (c *criu) unfit() error {
	if _, err := exec.LookPath("criu"); err != nil {
		return errors.New("criu is not installed")
	}
	version, _ := exec.CommandContext(c.ctx, "criu", "--version").Output() // it says what can be said
	word := strings.Join(strings.Fields(string(version)), " ")
	if out, err := exec.CommandContext(c.ctx, "criu", "check").CombinedOutput(); err != nil {
		return fmt.Errorf("%s: criu check: %w: %s", word, err, firstError(string(out)))
	}
	if _, _, err := c.once(1); err != nil {
		return fmt.Errorf("%s: %w", word, err)
	}
	return nil
}

// once dumps and restores a program of so many MB, which then tells whether its
// memory is right. Seconds.
func (c *criu) once(megabytes int) (dumped, restored float64, err error) {
	images, err := os.MkdirTemp("/dev/shm", "openmosix-criu-")
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = os.RemoveAll(images) }()
	said := filepath.Join(c.dir, "said")
	out, err := os.Create(said)
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = out.Close() }()
	w := exec.CommandContext(c.ctx, c.program, strconv.Itoa(megabytes), "1")
	w.Stdout = out
	w.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := w.Start(); err != nil {
		return 0, 0, err
	}
	pid := w.Process.Pid
	ended := make(chan struct{})
	go func() { _ = w.Wait(); close(ended) }() // the dump kills it
	defer func() { _ = syscall.Kill(pid, syscall.SIGKILL) }()
	if !says(said, strconv.Itoa(pid)) {
		return 0, 0, errors.New("the writer does not start")
	}
	begun := time.Now()
	if err := c.run(images, "dump", "-t", strconv.Itoa(pid)); err != nil {
		return 0, 0, err
	}
	dumped = time.Since(begun).Seconds()
	<-ended // its number is free
	begun = time.Now()
	if err := c.run(images, "restore", "-d"); err != nil {
		return 0, 0, err
	}
	restored = time.Since(begun).Seconds()
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return 0, 0, err
	}
	if !says(said, "right") {
		return 0, 0, errors.New("criu: the writer's memory is not what it wrote")
	}
	return dumped, restored, nil
}

func (c *criu) run(images, what string, args ...string) error {
	args = append([]string{what, "-D", images, "-o", what + ".log"}, args...)
	if err := exec.CommandContext(c.ctx, "criu", args...).Run(); err != nil {
		log, _ := os.ReadFile(filepath.Join(images, what+".log")) // without it the status has to do
		return fmt.Errorf("criu %s: %w: %s", what, err, firstError(string(log)))
	}
	return nil
}

// firstError is what CRIU's log calls an error first, but for programs it only asks
// for their help: the later ones follow from it.
func firstError(log string) string {
	for s := bufio.NewScanner(strings.NewReader(log)); s.Scan(); {
		if _, text, found := strings.Cut(s.Text(), "Error ("); found && !strings.Contains(text, "exited, status=") {
			return "Error (" + text
		}
	}
	return strings.TrimSpace(log)
}

// says waits until a file has a line.
func says(file, line string) bool {
	for range 600 {
		text, err := os.ReadFile(file)
		if err == nil && strings.Contains("\n"+string(text), "\n"+line+"\n") {
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}
