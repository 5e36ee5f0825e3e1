package postcopy

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"openmosix/test/labtest"
)

const (
	slow  = "tc qdisc add dev eth0 root tbf rate 2mbit burst 32k latency 10s"
	quick = "tc qdisc del dev eth0 root"
)

// slows skips the test where links cannot be slow.
func slows(t *testing.T, ctx context.Context, lab *labtest.Lab, node int) {
	t.Helper()
	if _, err := exec.LookPath("tc"); err != nil {
		t.Skip("tc is not here")
	}
	if text, err := lab.Shell(ctx, node, slow+" && "+quick); err != nil {
		t.Skipf("this kernel makes no slow links: %s", text)
	}
}

// do gives one line to a node.
func do(t *testing.T, ctx context.Context, lab *labtest.Lab, node int, line string) {
	t.Helper()
	if text, err := lab.Shell(ctx, node, line); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

// TestANewDaemonHoldsWhatIsMissing: while memory follows a process home its daemon is killed and
// another one started, which finds its supervisor and holds the process's faults as the first did.
func TestANewDaemonHoldsWhatIsMissing(t *testing.T) {
	lab := labtest.Up(t, 2)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	slows(t, ctx, lab, 2)
	p := start(t, ctx, lab, build(t), "wait", 64)
	p.move(t, ctx, "2", "precopy")
	do(t, ctx, lab, 2, slow)
	moved := p.fetches(t, ctx, labtest.Home, labtest.Home)
	p.isHeld(t, ctx, "1")
	do(t, ctx, lab, 1, "kill -9 $(pgrep -f '[ /]node --config' | head -1)")
	<-moved // nobody is there to say how it went
	daemon, err := lab.StartDaemon(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
	}()
	p.isHeld(t, ctx, "1")
	do(t, ctx, lab, 2, quick)
	p.isHeld(t, ctx, "0")
	p.judge(t, ctx)
}

// TestWhoIsLeftDiesWithWhatIsMissing: a process that is coming home forks and ends, and the rest of
// their memory is lost. The child dies before it sees that.
func TestWhoIsLeftDiesWithWhatIsMissing(t *testing.T) {
	lab := labtest.Up(t, 2)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	slows(t, ctx, lab, 2)
	p := start(t, ctx, lab, build(t), "leave", 64)
	p.move(t, ctx, "2", "precopy")
	do(t, ctx, lab, 2, slow)
	moved := p.fetches(t, ctx, labtest.Home, labtest.Home)
	do(t, ctx, lab, 1, fmt.Sprintf("kill -TERM %d; while [ -e /proc/%[1]d ] && ! grep -q 'State:.Z' /proc/%[1]d/status; do sleep 0.02; done", p.pid))
	do(t, ctx, lab, 2, "kill -9 $(pgrep -f ' supervise-[g]uest' | head -1); "+quick)
	if p.said.Scan() {
		t.Errorf("the child says %q", p.said.Text())
	}
	<-moved
	p.isHeld(t, ctx, "0")
}

// TestOthersForkMeanwhile: while memory of one process follows it home, the others of its family
// fork and execute. The program is a shell's child under mosrun; the shell makes a process
// for each line that it reads, while the link is so slow that the memory would take minutes.
func TestOthersForkMeanwhile(t *testing.T) {
	lab := labtest.Up(t, 2)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	slows(t, ctx, lab, 2)
	path := build(t)
	run := lab.Command(ctx, 1, filepath.Dir(path), labtest.InNode, "mosrun", "sh", "-c", path+" wait 64 & while read line; do /bin/echo $line; done; wait")
	lines, err := run.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	p := &program{lab: lab, run: run, said: bufio.NewScanner(stdout)}
	if !p.said.Scan() {
		t.Fatal("the program says nothing")
	}
	if p.pid, err = strconv.Atoi(p.said.Text()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		lab.Kill(1, p.pid)
		_ = lines.Close()
		_ = run.Wait()
	})
	p.move(t, ctx, "2", "precopy")
	do(t, ctx, lab, 2, slow)
	moved := p.fetches(t, ctx, labtest.Home, labtest.Home)
	for i := range 3 {
		want := fmt.Sprintf("line %d", i)
		if _, err := fmt.Fprintln(lines, want); err != nil {
			t.Fatal(err)
		}
		if !p.said.Scan() || p.said.Text() != want {
			t.Fatalf("the shell's child says %q", p.said.Text())
		}
	}
	if s := p.shown(t, ctx); s.Move == nil || s.Move.Phase != "fetch" {
		t.Errorf("all memory had come when the shell's children ran: %+v", s)
	}
	do(t, ctx, lab, 2, quick)
	<-moved
	p.judge(t, ctx)
}
