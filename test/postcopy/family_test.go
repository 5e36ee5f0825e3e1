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

// TestOthersForkMeanwhile: while memory of one process follows it home, the others of its family
// fork and execute. The program is a shell's child under mosrun; the shell makes a process
// for each line that it reads, while the link is so slow that the memory would take minutes.
func TestOthersForkMeanwhile(t *testing.T) {
	if _, err := exec.LookPath("tc"); err != nil {
		t.Skip("tc is not here")
	}
	lab := labtest.Up(t, 2)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	const slow = "tc qdisc add dev eth0 root tbf rate 2mbit burst 32k latency 10s"
	const quick = "tc qdisc del dev eth0 root"
	if text, err := lab.Shell(ctx, 2, slow+" && "+quick); err != nil {
		t.Skipf("this kernel makes no slow links: %s", text)
	}
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
	if text, err := lab.Shell(ctx, 2, slow); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
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
	if text, err := lab.Shell(ctx, 2, quick); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	<-moved
	p.judge(t, ctx)
}
