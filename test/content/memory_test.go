package content

import (
	"bufio"
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

const held = "openmosix_held_memory_bytes"

// process is one that looks after its memory: src/memory.c.
type process struct {
	t   *testing.T
	lab *labtest.Lab
	pid int
	cmd *exec.Cmd
	out *bufio.Scanner
}

func buildMemory(t *testing.T) string {
	t.Helper()
	path := filepath.Join(labtest.Scratch(t), "memory")
	if out, err := exec.Command("gcc", "-O2", "-o", path, "src/memory.c").CombinedOutput(); err != nil {
		t.Skipf("gcc: %v: %s", err, out)
	}
	return path
}

// begin starts one with so many MiB that writes into so many KiB.
func begin(t *testing.T, lab *labtest.Lab, path string, megabytes, busy int) *process {
	t.Helper()
	p := &process{t: t, lab: lab, cmd: lab.Command(t.Context(), 1, "/", path, strconv.Itoa(megabytes), strconv.Itoa(busy))}
	p.cmd.Stderr = os.Stderr
	stdout, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewScanner(stdout)
	p.out.Scan()
	if p.pid, err = strconv.Atoi(strings.TrimSpace(p.out.Text())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		lab.Kill(1, p.pid)
		_ = p.cmd.Wait() // judge has, as a rule
	})
	return p
}

// trip moves it, and tells how many bytes that sent, and how long it took.
func (p *process) trip(to int, way string, flags ...string) (uint64, time.Duration) {
	p.t.Helper()
	name := fmt.Sprintf("openmosix_move_bytes_total{kind=%q}", way)
	before, begun := figure(p.t, p.lab, 1, name), time.Now()
	if status, text := p.lab.Migrate(p.t.Context(), 1, p.pid, to, flags...); status != labtest.Moved {
		p.t.Fatalf("to %d: %v: %s", to, status, text)
	}
	took := time.Since(begun)
	return uint64(figure(p.t, p.lab, 1, name) - before), took
}

// awaitHeld waits until a node holds something, or nothing.
func (p *process) awaitHeld(node int, something bool) {
	p.t.Helper()
	for deadline := time.Now().Add(patience); figure(p.t, p.lab, node, held) > 0 != something; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			log, _ := p.lab.Log(node)
			p.t.Fatalf("node %d holds %v bytes\n%s", node, figure(p.t, p.lab, node, held), log)
		}
	}
}

func (p *process) judge() {
	p.t.Helper()
	if _, err := p.lab.Shell(p.t.Context(), 1, fmt.Sprintf("kill -TERM %d", p.pid)); err != nil {
		p.t.Fatal(err)
	}
	if !p.out.Scan() || p.out.Text() != "right" {
		p.t.Errorf("the program says %q", p.out.Text())
	}
}

// A process that comes again gets from its home only what has changed.
func TestSecondTripIsADelta(t *testing.T) {
	path := buildMemory(t)
	lab := labtest.Up(t, 3)
	p := begin(t, lab, path, 200, 4096)
	first, tookFirst := p.trip(2, "out")
	if first < 200*mebi {
		t.Errorf("%d bytes went first", first)
	}
	p.trip(0, "home")
	p.awaitHeld(2, true)
	second, tookSecond := p.trip(2, "out")
	t.Logf("%d bytes in %v first, %d in %v then", first, tookFirst, second, tookSecond)
	if second > first/8 {
		t.Errorf("%d bytes went first, %d then", first, second)
	}
	if n := figure(t, lab, 2, held); n != 0 {
		t.Errorf("%v bytes are held of a process that is here", n)
	}

	// What was held is gone: it is sent.
	p.trip(0, "home")
	p.awaitHeld(2, true)
	restart(t, lab, "")
	if third, _ := p.trip(2, "out"); third < 200*mebi {
		t.Errorf("%d bytes went to a node that holds nothing", third)
	}

	// From another node it is a delta as well.
	onward, _ := p.trip(3, "onward")
	p.awaitHeld(2, true)
	if back, took := p.trip(2, "onward"); back > onward/4 {
		t.Errorf("%d bytes went on, %d back", onward, back)
	} else {
		t.Logf("%d bytes went on, %d back in %v", onward, back, took)
	}
	p.trip(0, "home")
	p.judge()
}

// Memory that follows is a delta, too.
func TestSecondTripFollows(t *testing.T) {
	path := buildMemory(t)
	lab := labtest.Up(t, 2)
	if _, err := lab.Shell(t.Context(), 2, "test -c /dev/userfaultfd"); err != nil {
		t.Skip("memory cannot follow here: ", err)
	}
	p := begin(t, lab, path, 100, 2048)
	p.trip(2, "out", "--strategy", "postcopy")
	p.trip(0, "home", "--strategy", "postcopy")
	p.awaitHeld(2, true)
	before := received(t, lab, 2)
	p.trip(2, "out", "--strategy", "postcopy")
	p.trip(0, "home", "--strategy", "postcopy") // waits for the last page
	if n := received(t, lab, 2) - before; n > 40*mebi {
		t.Errorf("node 2 received %d bytes on the second trip", n)
	}
	p.judge()
}

// received is how many bytes a node has got from the network.
func received(t *testing.T, lab *labtest.Lab, node int) uint64 {
	t.Helper()
	text, err := lab.Shell(t.Context(), node, `awk '/:/ && !/lo:/ {sub(".*:",""); n += $1} END {printf "%d\n", n}' /proc/net/dev`)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
