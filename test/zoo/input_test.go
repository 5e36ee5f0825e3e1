package zoo

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// TestBadInput gives migrate what it cannot do: one clear line, a stable exit
// status, and nothing changed. (A process that ends meanwhile: test/failure.)
func TestBadInput(t *testing.T) {
	lab := labtest.Up(t, 3)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	session, err := lab.Session(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	in := input{t: t, session: session}
	// It does not change any more when it sleeps: it has been loaded.
	pid := in.shell(`sleep 100 >/dev/null & (until grep -q sleep /proc/$!/comm && grep -q State:.S /proc/$!/status; do sleep 0.02; done) 2>/dev/null; echo $!`)
	// Its parent has become a program that does not wait.
	zombie := in.shell(`sh -c '(until grep -q sleep /proc/$$/comm; do sleep 0.02; done) & echo $! >/tmp/zombie; exec sleep 100' >/dev/null 2>&1 &
		until grep -q State:.Z /proc/$(cat /tmp/zombie)/status; do sleep 0.02; done 2>/dev/null; cat /tmp/zombie`)
	before := in.shell(fingerprint + pid)
	for _, c := range []bad{
		{"no such process", "3999999 2", labtest.NoSuchProcess},
		{"a pid that is none", "twelve 2", labtest.BadUsage},
		{"a negative pid", "-- -1 2", labtest.BadUsage},
		{"pid 0", "0 2", labtest.BadUsage},
		{"a number that is none", pid + " 2x", labtest.BadUsage},
		{"a negative node", "-- " + pid + " -2", labtest.BadUsage},
		{"a huge node", pid + " 99999999999999999999", labtest.BadUsage},
		{"no node", pid, labtest.BadUsage},
		{"nothing at all", "", labtest.BadUsage},
		{"unknown node", pid + " 61", labtest.UnknownNode},
		{"unknown name", pid + " nowhere", labtest.UnknownNode},
		{"already home", pid + " home", labtest.AlreadyThere},
		{"already at its own node", pid + " 1", labtest.AlreadyThere},
		{"already at its own node, by name", pid + " node1", labtest.AlreadyThere},
		{"the init", "1 2", labtest.CannotMove},
		{"a zombie", zombie + " 2", labtest.CannotMove},
		{"another user's", "nobody", labtest.NotPermitted},
	} {
		in.try(c)
	}
	in.lend(ctx, lab, 3, "accept = false")
	in.try(bad{"a node that refuses", pid + " 3", labtest.Refused})
	in.lend(ctx, lab, 3, "accept = true\nspare_mib = 1000000000")
	in.try(bad{"a node without memory", pid + " 3", labtest.NoMemory})
	in.endDaemon(ctx, lab, 3)
	in.try(bad{"a node without a daemon", pid + " 3", labtest.Unreachable})
	if after := in.shell(fingerprint + pid); after != before {
		t.Errorf("the process has changed: %s before, %s now", before, after)
	}
	// What is not bad: a name. And what is bad while it is away.
	in.try(bad{"by name", pid + " Node2", labtest.Moved})
	in.try(bad{"already there", pid + " 2", labtest.AlreadyThere})
	in.try(bad{"already there, by name", pid + " node2", labtest.AlreadyThere})
	in.try(bad{"from there to a node without a daemon", pid + " node3", labtest.Unreachable})
	in.try(bad{"home by its name", pid + " node1", labtest.Moved})
	if after := in.shell(fingerprint + pid); after != before {
		t.Errorf("the process has changed on its way: %s before, %s now", before, after)
	}
	in.endDaemon(ctx, lab, 1)
	in.try(bad{"no daemon here", pid + " 2", labtest.NoDaemon})
	in.shell("kill " + pid)
}

// bad is one thing migrate is told, and what it has to answer.
type bad struct {
	name, args string
	want       labtest.Status
}

// fingerprint is a line of shell that condenses what a move may change of a process.
const fingerprint = `f() { { cut -d" " -f1-5 /proc/$1/maps; grep -E "^(Sig[PBIC]|Tracer|Threads|Uid)" /proc/$1/status; } | sha256sum; }; f `

type input struct {
	t       *testing.T
	session *labtest.Session
}

func (in *input) shell(line string) string {
	in.t.Helper()
	text, code, err := in.session.Run(line, time.Minute)
	if err != nil || code != 0 {
		in.t.Fatalf("%s: status %d, %v: %s", line, code, err, text)
	}
	return text
}

func (in *input) try(c bad) {
	in.t.Helper()
	line := labtest.InNode + " migrate " + c.args
	if c.args == "nobody" {
		line = "setpriv --reuid nobody --clear-groups " + labtest.InNode + " migrate $$ 2"
	}
	text, code, err := in.session.Run(line, time.Minute)
	if err != nil {
		in.t.Fatal(err)
	}
	if labtest.Status(code) != c.want {
		in.t.Errorf("%s: migrate gives %v, not %v: %s", c.name, labtest.Status(code), c.want, text)
	}
	// Reasons may follow, each on a line of its own; usage errors may show the usage.
	if line, _, _ := strings.Cut(text, "\n"); !strings.Contains(line, ": ") && c.want != labtest.Moved {
		in.t.Errorf("%s: the first line says too little: %q", c.name, line)
	}
}

// lend has a node lend under other conditions from now on.
func (in *input) lend(ctx context.Context, lab *labtest.Lab, node int, how string) {
	in.t.Helper()
	in.endDaemon(ctx, lab, node)
	const file = "/etc/openmosix/openmosix.toml"
	if _, err := lab.Shell(ctx, node, "in=$(grep ^cgroup "+file+"); sed -i '/^.guests/,$d' "+file+"; printf '[guests]\n%s\nowner_first = false\n"+strings.ReplaceAll(how, "\n", `\n`)+"\n' \"$in\" >>"+file); err != nil {
		in.t.Fatal(err)
	}
	daemon, err := lab.StartDaemon(ctx, node)
	if err != nil {
		in.t.Fatal(err)
	}
	in.t.Cleanup(func() { _ = daemon.Process.Kill(); _ = daemon.Wait() })
}

func (in *input) endDaemon(ctx context.Context, lab *labtest.Lab, node int) {
	in.t.Helper()
	pid, err := lab.Daemon(ctx, node)
	if err == nil {
		// Its sockets are open until it is gone.
		_, err = lab.Shell(ctx, node, fmt.Sprintf("kill -9 %d; while kill -0 %d 2>/dev/null; do sleep 0.01; done", pid, pid))
	}
	if err != nil {
		in.t.Fatal(err)
	}
}

var hopsFlag = flag.Int("hops", 100, "how many moves in a row; a soak takes 1000")

// hopLimit is the time for one hop on a busy machine.
const hopLimit = 500 * time.Millisecond

// TestHops moves one program many times in a row.
func TestHops(t *testing.T) {
	hops := *hopsFlag
	if testing.Short() {
		hops = min(hops, 30)
	}
	limit := max(2*time.Minute, time.Duration(hops)*hopLimit)
	lab := labtest.Up(t, 3)
	for _, p := range programs(t) {
		if p.Name != "pipe_data" {
			continue
		}
		argv, dir, stop := prepare(t, p, labtest.Scratch(t), limit)
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		r := start(t, lab.Command(ctx, 1, dir, argv...), stop, limit)
		pid, ok := r.untilReady()
		if !ok {
			return
		}
		defer func() {
			if t.Failed() {
				lab.Kill(1, pid)
			}
		}()
		for i := range hops {
			if _, ok := r.step(ctx, lab, pid, []int{2, 3, labtest.Home}[i%3], []labtest.Status{labtest.Moved}); !ok {
				t.Fatalf("after %d hops", i)
			}
		}
		r.finish()
	}
}
