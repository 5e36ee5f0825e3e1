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

const criuRounds = 3

// criuCopies of a process there are at times: at home, away, CRIU's own and its images.
const criuCopies = 4

// BenchmarkCriu moves a process out and home, and, by turns, has CRIU dump the same
// program into a tmpfs and restore it. Where CRIU is not here or does not work with
// this kernel, which a small process tells, its rows say so.
func BenchmarkCriu(b *testing.B) {
	t := newTable("Beside CRIU, which writes to a tmpfs; 1 MB is being written all the time",
		"", "out, s", "home, s", "dump and restore, s", "that / out", "still out, ms", "still home, ms", "still for CRIU, ms")
	for _, size := range []int{100, 1024, 4096} {
		b.Run(fmt.Sprintf("%dMB", size), func(b *testing.B) { besideCriu(b, t, size) })
	}
	t.print()
}

func besideCriu(b *testing.B, t *table, size int) {
	if free := available(b); free < criuCopies*size {
		b.Skipf("%d MiB of memory are available, %d are needed", free, criuCopies*size)
	}
	lab := labtest.Up(b, 2)
	dir := labtest.Scratch(b)
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	c := &criu{b: b, ctx: ctx, dir: dir, program: compiled(b, dir, "writer")}
	why := c.unfit()
	w := startWriter(b, lab, size, 1)
	var out, home, dumped, outStill, homeStill, dumpedStill []float64
	timed := func(to string) (took, still float64) {
		w.still(b) // from now on
		begun := time.Now()
		move(ctx, b, lab, w.pid, to)
		took = time.Since(begun).Seconds()
		return took, w.still(b)
	}
	for range b.N * criuRounds {
		took, still := timed("2")
		out, outStill = append(out, took), append(outStill, still)
		took, still = timed("home")
		home, homeStill = append(home, took), append(homeStill, still)
		if why == nil {
			d, r, still, err := c.once(size)
			if err != nil {
				b.Fatal(err)
			}
			b.Logf("%d MB: dump %.2f s, restore %.2f s", size, d, r)
			dumped, dumpedStill = append(dumped, d+r), append(dumpedStill, still)
		}
	}
	w.judge(b)
	cells := []string{fmt.Sprintf("%d MB", size), format("%.2f", out), format("%.2f", home), "", "", format("%.0f", outStill), format("%.0f", homeStill), ""}
	if why == nil {
		cells[3], cells[4], cells[7] = format("%.2f", dumped), format("%.1f", byRound(dumped, out)), format("%.0f", dumpedStill)
	} else {
		cells[3] = "left out: " + why.Error()
	}
	t.row(cells...)
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
	if _, _, _, err := c.once(1); err != nil {
		return fmt.Errorf("%s: %w", word, err)
	}
	return nil
}

// once dumps and restores a program of so many MB, which then tells whether its
// memory is right, and for how long it stood still. Seconds, and ms.
func (c *criu) once(megabytes int) (dumped, restored, still float64, err error) {
	images, err := os.MkdirTemp("/dev/shm", "openmosix-criu-")
	if err != nil {
		return 0, 0, 0, err
	}
	defer func() { _ = os.RemoveAll(images) }()
	said := filepath.Join(c.dir, "said")
	out, err := os.Create(said)
	if err != nil {
		return 0, 0, 0, err
	}
	defer func() { _ = out.Close() }()
	w := exec.CommandContext(c.ctx, c.program, strconv.Itoa(megabytes), "1")
	w.Stdout = out
	w.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := w.Start(); err != nil {
		return 0, 0, 0, err
	}
	pid := w.Process.Pid
	ended := make(chan struct{})
	go func() { _ = w.Wait(); close(ended) }() // the dump kills it
	defer func() { _ = syscall.Kill(pid, syscall.SIGKILL) }()
	if _, ok := says(said, strconv.Itoa(pid)); !ok {
		return 0, 0, 0, errors.New("the writer does not start")
	}
	begun := time.Now()
	if err := c.run(images, "dump", "-t", strconv.Itoa(pid)); err != nil {
		return 0, 0, 0, err
	}
	dumped = time.Since(begun).Seconds()
	<-ended // its number is free
	begun = time.Now()
	if err := c.run(images, "restore", "-d"); err != nil {
		return 0, 0, 0, err
	}
	restored = time.Since(begun).Seconds()
	if err := syscall.Kill(pid, syscall.SIGUSR1); err != nil {
		return 0, 0, 0, err
	}
	text, ok := says(said, "still ")
	if !ok {
		return 0, 0, 0, errors.New("criu: the writer does not go on")
	}
	if still, err = stillTime(text); err != nil {
		return 0, 0, 0, err
	}
	if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
		return 0, 0, 0, err
	}
	if _, ok := says(said, "right"); !ok {
		return 0, 0, 0, errors.New("criu: the writer's memory is not what it wrote")
	}
	return dumped, restored, still, nil
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

// says waits for a whole line that begins so.
func says(file, begins string) (line string, ok bool) {
	for range 1200 {
		text, err := os.ReadFile(file)
		if err == nil {
			if _, after, found := strings.Cut("\n"+string(text), "\n"+begins); found {
				if rest, _, whole := strings.Cut(after, "\n"); whole {
					return begins + rest, true
				}
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return "", false
}
