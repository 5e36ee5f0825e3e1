package postcopy

import (
	"bufio"
	"context"
	"fmt"
	"runtime"
	"strconv"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// sockets has a shell on the home node look, all the time, how many sockets the supervisor of a
// process has open; the function ends that and gives the least and the most.
func sockets(t *testing.T, lab *labtest.Lab, pid int) (over func() (least, most int)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	look := lab.Command(ctx, 1, "/", "sh", "-c", fmt.Sprintf(`while :; do
		s=$(sed -n 's/^TracerPid:\t//p' /proc/%d/status)
		[ "$s" = 0 ] || ls -l /proc/$s/fd 2>/dev/null | grep -c 'socket:'
	done`, pid))
	out, err := look.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := look.Start(); err != nil {
		t.Fatal(err)
	}
	least, most := 1<<30, 0
	done := make(chan struct{})
	go func() {
		defer close(done)
		for s := bufio.NewScanner(out); s.Scan(); {
			if n, err := strconv.Atoi(s.Text()); err == nil && n > 0 {
				least, most = min(least, n), max(most, n)
			}
		}
	}()
	return func() (int, int) {
		cancel()
		_ = look.Wait()
		<-done
		return least, most
	}
}

// large is a program on node 1 of two that has so many megabytes, where they go by several connections.
func large(t *testing.T, ctx context.Context, megabytes int) (*labtest.Lab, *program) {
	t.Helper()
	if runtime.NumCPU() == 1 {
		t.Skip("with one CPU there is one connection")
	}
	lab := labtest.Up(t, 2)
	return lab, start(t, ctx, lab, build(t), "wait", megabytes)
}

// TestStreams: the memory of a large process goes by several connections, out and home, none of
// which is left afterwards, and nothing of it is lost.
func TestStreams(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	lab, p := large(t, ctx, 512)
	before := 0
	for _, to := range []string{"2", "home"} {
		during := sockets(t, lab, p.pid)
		p.move(t, ctx, to, "precopy")
		least, most := during()
		if to == "2" { // it has got a supervisor, which has the link now
			time.Sleep(time.Second)
			stays := sockets(t, lab, p.pid)
			time.Sleep(200 * time.Millisecond)
			var after int
			if before, after = stays(); before != after {
				t.Errorf("%d to %d sockets when it is away", before, after)
			}
		}
		t.Logf("to %s: %d to %d sockets, %d with the link alone", to, least, most, before)
		if most <= before {
			t.Errorf("to %s: one connection carries all of it", to)
		}
	}
	p.judge(t, ctx)
}

// TestStreamBreaks: when one of the connections breaks, the process stays where it is, unharmed, and can
// move again.
func TestStreamBreaks(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	lab, p := large(t, ctx, 1024)
	status := labtest.Moved
	for tries := 0; status == labtest.Moved; tries++ { // one of the daemons' connections may be hit, or none in time
		if tries == 5 {
			t.Skip("no connection broke in the middle of a move (ss -K)")
		}
		if tries > 0 {
			p.move(t, ctx, "home", "precopy")
		}
		var text string
		status, text = whileBreaking(ctx, lab, func() (labtest.Status, string) { return lab.Migrate(ctx, 1, p.pid, 2) })
		t.Logf("migrate gives %v: %s", status, text)
	}
	if status != labtest.Unreachable {
		t.Errorf("it has broken, and migrate gives %v", status)
	}
	for _, to := range []string{"2", "home"} {
		p.move(t, ctx, to, "precopy")
	}
	p.judge(t, ctx)
}

// whileBreaking has the later of two connections to the other node, which has the larger port, broken
// as soon as there are two.
func whileBreaking(ctx context.Context, lab *labtest.Lab, do func() (labtest.Status, string)) (labtest.Status, string) {
	ctx, over := context.WithCancel(ctx)
	breaks := lab.Command(ctx, 1, "/", "sh", "-c", `while :; do
		ports=$(ss -Htn 'dport = :7779' | awk '{ sub(/.*:/, "", $4); print $4 }' | sort -n)
		set -- $ports
		[ $# -gt 1 ] && { eval port=\${$#}; ss -HK -tn "sport = :$port"; exit; }
	done`)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = breaks.Run()
	}()
	status, text := do()
	over()
	<-done
	return status, text
}
