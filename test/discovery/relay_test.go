package discovery

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/internal/node/control"
	"openmosix/test/labtest"
)

// ways is by which relay a node reaches each other.
func ways(table []control.Node) string {
	var words []string
	for _, n := range table {
		words = append(words, fmt.Sprintf("%d via %d", n.Number, n.Via))
	}
	return strings.Join(words, "; ")
}

// worker is a program on a node that reads numbers, counts to each, forks to
// multiply it, and writes what comes out.
type worker struct {
	pid   int
	in    io.WriteCloser
	out   *labtest.Output
	ended chan error
	want  string
}

func startWorker(ctx context.Context, t *testing.T, l *labtest.Lab, node int) *worker {
	t.Helper()
	w := &worker{out: &labtest.Output{}, ended: make(chan error, 1)}
	c := l.Command(ctx, node, "/", "sh", "-c", "echo $$; while read n; do i=0; while [ $i -lt $n ]; do i=$((i+1)); done; echo $i $(expr $i / 7); done; echo end")
	c.Stdout, c.Stderr = w.out, w.out
	var err error
	if w.in, err = c.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { w.ended <- c.Wait() }()
	for begun := time.Now(); !strings.HasSuffix(w.out.String(), "\n"); time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > patience {
			t.Fatal("the program does not start")
		}
	}
	w.want = w.out.String()
	if w.pid, err = strconv.Atoi(strings.TrimSpace(w.want)); err != nil {
		t.Fatal(err)
	}
	return w
}

// work has it count, wherever it is.
func (w *worker) work(t *testing.T, n int) {
	t.Helper()
	w.want += fmt.Sprintf("%d %d\n", n, n/7)
	if _, err := fmt.Fprintln(w.in, n); err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); w.out.String() != w.want; time.Sleep(20 * time.Millisecond) {
		if time.Since(begun) > patience {
			t.Fatalf("it says %q, not %q", w.out, w.want)
		}
	}
}

// finish ends its input.
func (w *worker) finish(t *testing.T) {
	t.Helper()
	w.in.Close()
	if err := <-w.ended; err != nil || w.out.String() != w.want+"end\n" {
		t.Errorf("%v: %s", err, w.out)
	}
}

func moveTo(ctx context.Context, t *testing.T, l *labtest.Lab, home, pid, to int) {
	t.Helper()
	if status, text := l.Migrate(ctx, home, pid, to); status != labtest.Moved {
		t.Fatalf("migrate %d %s: %v: %s", pid, labtest.Destination(to), status, text)
	}
}

// carriers are the processes that carry on a relay.
func carriers(ctx context.Context, t *testing.T, l *labtest.Lab, node int) string {
	t.Helper()
	return shell(ctx, t, l, node, "pgrep -f 'openmosix carr[y]' || true")
}

func TestProcessesMoveThroughARelay(t *testing.T) {
	t.Parallel()
	l, ctx := labtest.UpNetworks(t, "a", "ab", "b"), t.Context()
	for n, want := range map[int]string{1: "1 via 0; 2 via 0; 3 via 2", 2: "1 via 0; 2 via 0; 3 via 0", 3: "1 via 2; 2 via 0; 3 via 0"} {
		await(ctx, t, l, n, all)
		if got := ways(nodes(ctx, t, l, n)); got != want {
			t.Errorf("node %d: %s, want %s", n, got, want)
		}
	}
	if out := shell(ctx, t, l, 1, "openmosix nodes"); !strings.Contains(out, "up via 2") {
		t.Error(out)
	}
	if out := shell(ctx, t, l, 1, "perl -MIO::Socket::INET -e '$! = 0; IO::Socket::INET->new(PeerAddr => \"10.78.0.3:7779\"); print $!'; mosctl getspeed 3"); !strings.Contains(out, "unreachable") {
		t.Errorf("the lab's networks are not apart: %s", out)
	}
	w := startWorker(ctx, t, l, 1)
	moveTo(ctx, t, l, 1, w.pid, 3)
	w.work(t, 20000)
	// The daemon of the relay may come and go.
	stop(ctx, t, l, 2, "KILL")
	w.work(t, 30000)
	start(ctx, t, l, 2)
	for n := range 3 { // a relay passes on to those it knows
		await(ctx, t, l, n+1, all)
	}
	w.work(t, 40000)
	for i, to := range []int{2, 3, labtest.Home, 3} {
		moveTo(ctx, t, l, 1, w.pid, to)
		w.work(t, 10000+i)
	}
	w.finish(t)
}

func TestARelayThatGoes(t *testing.T) {
	t.Parallel()
	l, ctx := labtest.UpNetworks(t, "a", "ab", "b"), t.Context()
	w := startWorker(ctx, t, l, 1)
	moveTo(ctx, t, l, 1, w.pid, 3)
	cut := func() { shell(ctx, t, l, 2, "kill -9 "+carriers(ctx, t, l, 2)) }
	// The link goes on by another connection, as soon as there is a way again.
	cut()
	w.work(t, 1000)
	stop(ctx, t, l, 2, "KILL")
	cut()
	start(ctx, t, l, 2)
	w.work(t, 2000)
	shell(ctx, t, l, 1, "sed -i '1i reconnect_seconds = 2' /etc/openmosix/openmosix.toml && openmosix reload")
	stop(ctx, t, l, 2, "KILL")
	w.work(t, 3000)
	cut()
	select {
	case err := <-w.ended:
		if err == nil || w.out.String() != w.want {
			t.Errorf("it has not noticed: %v: %s", err, w.out)
		}
	case <-time.After(patience):
		t.Fatal("the process lives on, cut in two")
	}
	for _, n := range []int{1, 3} {
		awaitSilent(ctx, t, l, n, 2)
		awaitSilent(ctx, t, l, n, 4-n)
	}
	text, err := l.Log(1)
	if err != nil || !strings.Contains(text, "guest lost: killing its process") {
		t.Errorf("the log says nothing of it (%v)", err)
	}
	if out, err := l.Command(ctx, 1, "/", "sh", "-c", "sleep 100 & openmosix migrate $! 3; s=$?; kill $!; exit $s").CombinedOutput(); err == nil || !strings.Contains(string(out), "node 3 is down") {
		t.Errorf("%v: %s", err, out)
	}
	start(ctx, t, l, 2)
	for n := 1; n <= 3; n++ {
		await(ctx, t, l, n, all)
	}
	// Without the setting it is a node like others.
	shell(ctx, t, l, 2, "sed -i 's/^relay = true/relay = false/' /etc/openmosix/openmosix.toml")
	stop(ctx, t, l, 2, "TERM")
	start(ctx, t, l, 2)
	await(ctx, t, l, 1, "1 up; 2 up; 3 down")
	if out, err := l.Command(ctx, 1, "/", "sh", "-c", "sleep 100 & openmosix migrate $! 3; s=$?; kill $!; exit $s").CombinedOutput(); err == nil || !strings.Contains(string(out), "node 3 is down") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestTwoRelays(t *testing.T) {
	if testing.Short() {
		t.Skip("how two relays are found is tested in model/topology; here they cost a quarter of a minute")
	}
	t.Parallel()
	l, ctx := labtest.UpNetworks(t, "a", "ab", "bc", "c"), t.Context()
	const four = "1 up; 2 up; 3 up; 4 up"
	await(ctx, t, l, 1, four)
	await(ctx, t, l, 4, four)
	if got := ways(nodes(ctx, t, l, 4)); got != "1 via 3; 2 via 3; 3 via 0; 4 via 0" {
		t.Error(got)
	}
	w := startWorker(ctx, t, l, 1)
	for i, to := range []int{4, 3, 4} {
		moveTo(ctx, t, l, 1, w.pid, to)
		w.work(t, 10000+i)
	}
	w.finish(t)
	// A node that may have one relay between only does not know those behind two.
	stop(ctx, t, l, 1, "TERM")
	await(ctx, t, l, 4, "2 up; 3 up; 4 up")
	shell(ctx, t, l, 1, "sed -i 's/^gateways = 2/#&/' /etc/openmosix/openmosix.toml; setpe -g 1")
	start(ctx, t, l, 1)
	await(ctx, t, l, 1, "1 up; 2 up; 3 up")
	if got := shell(ctx, t, l, 1, "openmosix config show | grep ^gateways; setpe -g 3 2>&1 || echo $?"); !strings.Contains(got, "gateways = 1") || !strings.HasSuffix(got, "2") {
		t.Error(got)
	}
	shell(ctx, t, l, 1, "setpe -g 2")
	await(ctx, t, l, 1, four)
}

// Whoever has no key gets no pass, and whoever has no pass gets nowhere.
func TestStrangersCannotUseARelay(t *testing.T) {
	t.Parallel()
	l, ctx := labtest.UpNetworks(t, "a", "ab", "b", "a"), t.Context()
	stop(ctx, t, l, 4, "TERM")
	shell(ctx, t, l, 4, "openmosix key new --force")
	const before = "1 up; 2 up; 3 up"
	await(ctx, t, l, 2, before)
	counted := refused(ctx, t, l, 2)
	// A preface with a pass that is guessed, and one without any.
	shell(ctx, t, l, 4, `perl -MIO::Socket::INET -e '
		for my $pass ("guessed guessed!", "\0" x 16) {
			my $s = IO::Socket::INET->new(PeerAddr => "10.77.0.2:7779") or die;
			print $s "oMx2", chr(3), $pass; $s->flush;
			my $n = sysread $s, my $answer, 1;
			die "answered: $answer" if $n;
		}'`)
	if n := refused(ctx, t, l, 2) - counted; n != 2 {
		t.Errorf("%d refusals are counted", n)
	}
	start(ctx, t, l, 4)
	time.Sleep(4 * time.Second) // it hears the beacons
	await(ctx, t, l, 4, "4 up")
	for n := 1; n <= 3; n++ {
		await(ctx, t, l, n, before)
	}
	if got := carriers(ctx, t, l, 2); strings.Contains(got, "\n") {
		t.Errorf("carriers: %s", got)
	}
}
