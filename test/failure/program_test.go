package failure

import (
	"context"
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

// running is a program on node 1 and the shell that is its parent.
type running struct {
	pid   int
	stop  string
	cmd   *exec.Cmd
	said  *labtest.Output
	ended chan struct{}
}

// counts computes, makes a call in each round, and checks what it computes. It holds
// some memory, which takes its time on the way.
const counts = `x=$(head -c 20000000 /dev/zero | tr "\0" x); y=$x$x; echo holds; i=0; j=1000000000; while [ ! -e "$0" ]; do i=$((i+1)); j=$((j-1)); done; [ $((i+j)) = 1000000000 ] && [ ${#x} = 20000000 ] && [ "$y" = "$x$x" ] && echo counted`

// start runs the program that counts.
func (r *rig) start(t *testing.T, ctx context.Context) *running {
	t.Helper()
	return r.startBy(t, ctx, "/bin/sh")
}

// startBy is start with another shell.
func (r *rig) startBy(t *testing.T, ctx context.Context, shell string) *running {
	t.Helper()
	r.programs++
	stop := filepath.Join(r.dir, fmt.Sprintf("stop%d", r.programs))
	return r.launch(t, ctx, stop, shell, "-c", counts, stop)
}

// says waits until a program has said something.
func (p *running) says(t *testing.T, what string) {
	t.Helper()
	for range stopTries {
		if strings.Contains(p.said.String(), what) {
			return
		}
		time.Sleep(pause)
	}
	t.Fatalf("it does not say %q: %s", what, p.said)
}

// launch runs a program, which says a line when it is ready; its parent says its pid
// and how it has ended.
func (r *rig) launch(t *testing.T, ctx context.Context, stop string, argv ...string) *running {
	t.Helper()
	p := &running{stop: stop, said: &labtest.Output{}, ended: make(chan struct{})}
	p.cmd = r.lab.Command(ctx, 1, r.dir, append([]string{"/bin/sh", "-c", `"$@" & echo pid $!; wait $!; echo ended $?`, "parent"}, argv...)...)
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // what it says tells more
	}()
	for range stopTries {
		if _, rest, ok := strings.Cut(p.said.String(), "pid "); ok && strings.Count(p.said.String(), "\n") > 1 {
			line, _, _ := strings.Cut(rest, "\n")
			p.pid, _ = strconv.Atoi(line)
			return p
		}
		time.Sleep(pause)
	}
	t.Fatalf("the program does not start: %s", p.said)
	return nil
}

// grace is for a program that is told to stop, or that has been killed.
const grace = time.Minute

// judge checks that the program goes on and ends rightly, or that it dies as if
// killed within the time given, and that its parent sees that.
func (p *running) judge(t *testing.T, lives bool, within time.Duration) {
	t.Helper()
	want := "ended 137"
	if lives {
		select {
		case <-p.ended:
			t.Errorf("it should live: %s", p.said)
			return
		case <-time.After(10 * pause): // for a death that is on its way
		}
		want = "counted\nended 0"
		if err := os.WriteFile(p.stop, nil, 0o644); err != nil {
			t.Error(err)
		}
	}
	select {
	case <-p.ended:
	case <-time.After(within):
		t.Errorf("it should have ended: %s", p.said)
		return
	}
	if !strings.Contains(p.said.String(), want) {
		t.Errorf("it should have said %q: %s", want, p.said)
	}
}

// end takes away what a failed scenario left running.
func (p *running) end() {
	_ = os.WriteFile(p.stop, nil, 0o644)
	_ = p.cmd.Process.Kill()
	<-p.ended
}
