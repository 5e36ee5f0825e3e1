package hpcfs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"openmosix/internal/model/nodelist"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
	"openmosix/internal/node/policy"
	"openmosix/internal/node/settings"
)

var someone = control.Caller{PID: 99, UID: 1000}

func TestReading(t *testing.T) {
	own := os.Getpid()
	values := settings.Default()
	values.Block = true
	f := &fake{
		values: values,
		nodes: []control.Node{
			{Number: 1, Name: "one", Address: "10.0.0.1:7779", Self: true, Up: true, Speed: 4711, Quiet: true, Load: 0.5},
			{Number: 2, Name: "two", Address: "10.0.0.2:7779", Up: true, CPUs: 8, Load: 1.25, Utilisation: 42, MemFree: 10, MemAvailable: 20, MemTotal: 30, Accepting: true, Stay: true},
			{Number: 3, Name: "three", Address: "10.0.0.3:7779"},
			{Number: 4, Up: true, Quiet: true, MemTotal: 5},
		},
		procs: []control.Proc{{PID: own, Node: 3, Moves: 2}},
		lent: []control.Guest{{PID: own, Home: 7, HomePID: 55, RSS: 4096, CPU: 1_234_567,
			Disclosed: 3, UID: of(8), GID: of(9), Command: "a", Args: []string{"a\n", "b"}},
			{PID: 12, Home: 7}, {PID: 13, Home: 7, Disclosed: 1, HomePID: 56}, {PID: 14, Home: 7, Disclosed: 3, HomePID: 57, UID: of(0), GID: of(0), Command: "c"}},
		policies: map[int]policy.Policy{own: {Lock: true, Disclosure: 2, Allow: nodelist.List{{First: 2, Last: 4}}, Deny: nodelist.List{{First: 3, Last: 3}}}},
		answer: func(_ context.Context, r control.Request) (*control.Result, error) {
			if r.Verb == control.Why && r.PID == 1 {
				return &control.Result{Code: supervisor.CannotMove, Reasons: []control.Reason{{Code: "init", Text: "It is init."}, {Code: "x", Text: "It is x."}}}, nil
			}
			return nil, nil
		},
	}
	tree := newTree(f)
	for _, c := range []struct {
		in     place
		name   string
		number int
		who    control.Caller
		want   string
		errno  syscall.Errno
	}{
		{admin, "version", 0, someone, "openMosix 1.2\n", 0},
		{admin, "mospe", 0, someone, "1\n", 0},
		{admin, "config", 0, someone, "1\t10.0.0.1\t3\n", 0},
		{admin, "block", 0, someone, "1\n", 0},
		{admin, "stay", 0, someone, "0\n", 0},
		{admin, "speed", 0, someone, "4711\n", 0},
		{admin, "yard", 0, someone, "10000\n", 0},
		{admin, "slowdecay", 0, someone, "975\n", 0},
		{node, "name", 3, someone, "three\n", 0},
		{node, "address", 3, someone, "10.0.0.3:7779\n", 0},
		{node, "status", 1, someone, "up block quiet\n", 0},
		{node, "status", 2, someone, "up stay\n", 0},
		{node, "status", 3, someone, "down\n", 0},
		{node, "CPUs", 2, someone, "8\n", 0},
		{node, "load", 2, someone, "1.25\n", 0},
		{node, "load", 1, someone, "0.50\n", 0},
		{node, "load", 3, someone, "", syscall.EHOSTUNREACH},
		{node, "load", 4, someone, "", syscall.ENODATA},
		{node, "tmem", 4, someone, "5\n", 0},
		{node, "util", 2, someone, "42\n", 0},
		{node, "mem", 2, someone, "10\n", 0},
		{node, "rmem", 2, someone, "20\n", 0},
		{guest, "from", own, someone, "7\n", 0},
		{guest, "from", 77, someone, "", syscall.ESRCH},
		{guest, "stats", own, someone, "cputime 1.234\nrss 4096\n", 0},
		{guest, "identity", own, someone, "pid 55\nuid 8\ngid 9\ncommand \"a\\n b\"\n", 0},
		{guest, "identity", 12, someone, "", 0},
		{guest, "identity", 13, someone, "pid 56\n", 0},
		{guest, "identity", 14, someone, "pid 57\nuid 0\ngid 0\ncommand \"c\"\n", 0},
		{node, "name", 5, someone, "", syscall.ENXIO},
		{process, "where", own, someone, "3\n", 0},
		{process, "where", 1, someone, "0\n", 0},
		{process, "where", 1 << 30, someone, "", syscall.ESRCH},
		{process, "nmigs", own, someone, "2\n", 0},
		{process, "cantmove", own, someone, "", 0},
		{process, "cantmove", 1, someone, "init: It is init.\nx: It is x.\n", 0},
		{process, "lock", own, someone, "1\n", 0},
		{process, "disclosure", own, someone, "2\n", 0},
		{process, "allow", own, someone, "2-4\n", 0},
		{process, "deny", own, someone, "3\n", 0},
		{process, "migfilter", own, someone, "1\n", 0},
		{process, "migpolicy", own, someone, "1\n", 0},
		{process, "mignodes", own, someone, "10\n", 0}, // 2 and 4
	} {
		got, err := use(t, tree, c.in, c.name, call{opener: c.who, pid: 99, number: c.number}, "")
		if got != c.want || errnoOf(err) != c.errno {
			t.Errorf("%s of %d: %q, %v; want %q, %v", c.name, c.number, got, err, c.want, c.errno)
		}
	}
	f.last(t, someone)
}

func TestWriting(t *testing.T) {
	of, zero, none := func(l ...nodelist.Range) *nodelist.List { n := nodelist.List(l); return &n }, 0, nodelist.List(nil)
	for _, c := range []struct {
		in    place
		name  string
		text  string
		errno syscall.Errno
		want  control.Request // the last one
	}{
		{admin, "block", "1\n", 0, control.Request{Verb: control.Admin, Word: "block"}},
		{admin, "block", "0", 0, control.Request{Verb: control.Admin, Word: "noblock"}},
		{admin, "nomfs", "0", 0, control.Request{Verb: control.Admin, Word: "mfs"}},
		{admin, "block", "2", syscall.EINVAL, control.Request{}},
		{admin, "block", "yes", syscall.EINVAL, control.Request{}},
		{admin, "block", "\n", syscall.EINVAL, control.Request{}},
		{admin, "expel", "1", 0, control.Request{Verb: control.Admin, Word: "expel"}},
		{admin, "expel", "0", syscall.EINVAL, control.Request{}},
		{admin, "bring", " 1 ", 0, control.Request{Verb: control.Admin, Word: "bring"}},
		{admin, "speed", "500", 0, control.Request{Verb: control.Admin, Word: "setspeed", Values: []int{500}}},
		{admin, "speed", "0", 0, control.Request{Verb: control.Admin, Word: "setspeed", Values: []int{0}}},
		{admin, "speed", "5e3", syscall.EINVAL, control.Request{}},
		{admin, "yard", "99999999999999999999", syscall.EINVAL, control.Request{}},
		{admin, "decayinterval", "7", 0, control.Request{Verb: control.Admin, Word: "setdecay", Values: []int{7}}},
		{admin, "slowdecay", "980", 0, control.Request{Verb: control.Admin, Word: "setdecay", Values: []int{1, 980, 926}}},
		{admin, "fastdecay", "900", 0, control.Request{Verb: control.Admin, Word: "setdecay", Values: []int{1, 975, 900}}},
		{decay, "cpujob", "1", 0, control.Request{Verb: control.Policy, PID: 99, Change: &policy.Change{Kind: ptr(policy.CPUJob)}}},
		{decay, "clear", "1", 0, control.Request{Verb: control.Policy, PID: 99, Change: &policy.Change{Kind: ptr(policy.Kind("")), Decay: ptr(policy.Decay("")), Period: &zero, Keep: &zero}}},
		{decay, "slow", "0", syscall.EINVAL, control.Request{}},
		{process, "goto", "3\n", 0, control.Request{Verb: control.Migrate, PID: 5, To: 3, Wait: true}},
		{process, "migrate", "0", 0, control.Request{Verb: control.Migrate, PID: 5, Wait: true}},
		{process, "goto", "-1", 0, control.Request{Verb: control.Migrate, PID: 5, Balance: true, Wait: true}},
		{process, "goto", "-2", syscall.EINVAL, control.Request{}},
		{process, "goto", "65536", syscall.EINVAL, control.Request{}},
		{process, "goto", "+3", syscall.EINVAL, control.Request{}},
		{process, "goto", "3 4", syscall.EINVAL, control.Request{}},
		{process, "goto", "3\x00", syscall.EINVAL, control.Request{}},
		{process, "goto", strings.Repeat("3", maxWritten+1), syscall.EINVAL, control.Request{}},
		{process, "lock", "1", 0, control.Request{Verb: control.Policy, PID: 5, Change: &policy.Change{Lock: ptr(true)}}},
		{process, "disclosure", "1", 0, control.Request{Verb: control.Policy, PID: 5, Change: &policy.Change{Disclosure: ptr(1)}}},
		{process, "disclosure", "4", syscall.EINVAL, control.Request{Verb: control.Policy, PID: 5, Change: &policy.Change{Disclosure: ptr(4)}}},
		{process, "allow", "1-3,7", 0, control.Request{Verb: control.Policy, PID: 5, Change: &policy.Change{Allow: of(nodelist.Range{First: 1, Last: 3}, nodelist.Range{First: 7, Last: 7})}}},
		{process, "deny", "\n", 0, control.Request{Verb: control.Policy, PID: 5, Change: &policy.Change{Deny: &none}}},
		{process, "deny", "home", syscall.EINVAL, control.Request{}},
	} {
		f := &fake{values: settings.Default(), procs: []control.Proc{{PID: 99}}}
		_, err := use(t, newTree(f), c.in, c.name, call{opener: someone, pid: 99, number: 5}, c.text)
		if errnoOf(err) != c.errno {
			t.Errorf("%.20q to %s: %v, want %v", c.text, c.name, err, c.errno)
		}
		if c.want.Verb == "" {
			if len(f.asked) > 0 {
				t.Errorf("%.20q to %s: the daemon was asked %+v", c.text, c.name, f.asked)
			}
			continue
		}
		if got := f.last(t, someone); !cmp.Equal(got, c.want) {
			t.Errorf("%q to %s: %s", c.text, c.name, cmp.Diff(c.want, got))
		}
	}
}

func ptr[T any](v T) *T { return &v }

// Who moves himself is not waited for, and neither is a process that is away
// and has all fetched home: they move when their call is over.
func TestWhoMovesHimselfDoesNotWait(t *testing.T) {
	f := &fake{}
	if _, err := use(t, newTree(f), process, "goto", call{opener: someone, pid: 5, number: 5}, "2"); err != nil {
		t.Fatal(err)
	}
	if r := f.last(t, someone); r.Wait {
		t.Errorf("%+v", r)
	}
	release, fetched := make(chan struct{}), make(chan struct{})
	f = &fake{procs: []control.Proc{{PID: 99, Node: 2}}}
	f.answer = func(_ context.Context, r control.Request) (*control.Result, error) {
		if r.Word == "bring" {
			<-release
			close(fetched)
		}
		return nil, nil
	}
	if _, err := use(t, newTree(f), admin, "bring", call{opener: someone, pid: 99}, "1"); err != nil {
		t.Fatal(err)
	}
	close(release)
	<-fetched
}

func TestErrnos(t *testing.T) {
	for code, want := range errnoOfCode {
		f := &fake{answer: func(context.Context, control.Request) (*control.Result, error) {
			return &control.Result{Code: code, Text: "because of " + string(code)}, nil
		}}
		tree := newTree(f)
		c := call{opener: someone, pid: os.Getpid(), number: 5}
		if _, err := use(t, tree, process, "goto", c, "2"); errnoOf(err) != want {
			t.Errorf("%s: %v", code, err)
		}
		if got, _ := use(t, tree, admin, "lasterror", c, ""); got != "proc/5/goto: because of "+string(code)+"\n" {
			t.Errorf("%s: lasterror is %q", code, got)
		}
		c.opener.UID++
		if got, _ := use(t, tree, admin, "lasterror", c, ""); got != "" {
			t.Errorf("%s: another user's lasterror is %q", code, got)
		}
	}
	for err, want := range map[error]syscall.Errno{
		control.ErrNotRunning: syscall.ECONNREFUSED, context.Canceled: syscall.EINTR,
		context.DeadlineExceeded: syscall.ETIMEDOUT, errors.New("x"): syscall.EIO,
	} {
		f := &fake{answer: func(context.Context, control.Request) (*control.Result, error) { return nil, err }}
		if _, got := use(t, newTree(f), process, "where", call{opener: someone, number: 5}, ""); errnoOf(got) != want {
			t.Errorf("%v: %v", err, got)
		} else if want == syscall.ETIMEDOUT && got.Error() != "the node daemon does not answer" {
			t.Errorf("in words: %v", got)
		}
	}
	f := &fake{answer: func(context.Context, control.Request) (*control.Result, error) {
		return &control.Result{Code: supervisor.AlreadyThere, Text: "already at home"}, nil
	}}
	if _, err := use(t, newTree(f), process, "goto", call{opener: someone, number: 5}, "0"); err != nil {
		t.Errorf("where it is already: %v", err)
	}
	f = &fake{answer: func(context.Context, control.Request) (*control.Result, error) {
		return &control.Result{Outcomes: []control.Outcome{{PID: 1}, {PID: 7, Home: 2, Node: 1, Code: supervisor.NoMemory, Text: "short"}}}, nil
	}}
	if _, err := use(t, newTree(f), admin, "expel", call{opener: someone}, "1"); errnoOf(err) != syscall.ENOMEM || err.Error() != "process 7 of node 2 is still on node 1: short" {
		t.Errorf("%v", err)
	}
}

// What has to wait ends with an interrupt; what is soon over does not.
func TestInterrupts(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := &fake{answer: func(ctx context.Context, r control.Request) (*control.Result, error) {
		if r.Wait {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}
		return nil, ctx.Err()
	}}
	c := &call{Tree: newTree(f), opener: someone, number: 5}
	if err := goTo(ctx, c, "2"); errnoOf(err) != syscall.EINTR {
		t.Errorf("%v", err)
	}
	if _, err := c.moved(ctx, os.Getpid()); err != nil {
		t.Errorf("%v", err)
	}
}

func TestErrorsAreBounded(t *testing.T) {
	var l lastErrors
	for i := range 3 * maxErrors {
		l.put(asker{session: i}, fmt.Sprint(i))
	}
	if len(l.texts) != maxErrors || len(l.order) != maxErrors || l.get(asker{session: 3*maxErrors - 1}) == "" {
		t.Errorf("%d texts, %d in order", len(l.texts), len(l.order))
	}
}

// In whatever order the three files are written, what holds in the end is what
// the original's rule says of the last of each, and they read as written.
func TestMasks(t *testing.T) {
	own := os.Getpid()
	rapid.Check(t, func(r *rapid.T) {
		f := &fake{}
		tree := newTree(f)
		c := call{opener: someone, pid: own, number: own}
		want := map[string]string{"migfilter": "0", "mignodes": "0", "migpolicy": "0"}
		for range rapid.IntRange(1, 12).Draw(r, "writes") {
			name := rapid.SampledFrom([]string{"migfilter", "mignodes", "migpolicy"}).Draw(r, "file")
			text := fmt.Sprint(rapid.IntRange(0, 1).Draw(r, "bit"))
			if name == "mignodes" {
				text = fmt.Sprint(rapid.IntRange(0, 31).Draw(r, "nodes"))
			}
			want[name] = text
			if _, err := use(t, tree, process, name, c, text); err != nil {
				r.Fatalf("%s to %s: %v", text, name, err)
			}
			for name, text := range want {
				if got, err := use(t, tree, process, name, c, ""); got != text+"\n" || err != nil {
					r.Fatalf("%s is %q, %v; written was %s", name, got, err, text)
				}
			}
			bits, _ := nodesOf(want["mignodes"])
			for n := 1; n <= 6; n++ {
				may := want["migfilter"] == "0" || bits.Has(n) == (want["migpolicy"] == "1")
				if f.policies[own].MayGo(n) != may {
					r.Fatalf("%v: node %d: %+v", want, n, f.policies[own])
				}
			}
		}
	})
}

// A number too long to be one of nodes is refused without being read, which would take a minute.
func TestLongMask(t *testing.T) {
	text := strings.Repeat("9", 4<<20)
	began := time.Now()
	if l, err := nodesOf(text); err == nil {
		t.Errorf("%d digits are %d ranges of nodes", len(text), len(l))
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
	if l, err := nodesOf(bitsOf(everywhere)); err != nil || !slices.Equal(l, everywhere) {
		t.Errorf("all nodes: %v, %v", l, err)
	}
	zeros := strings.Repeat("0", mostDigits) + "5"
	if l, err := nodesOf(zeros); err != nil || l.String() != "1,3" {
		t.Errorf("a 5 after zeros: %v, %v", l, err)
	}
}

func FuzzMasks(f *testing.F) {
	f.Add("6")
	f.Add("0")
	f.Add(strings.Repeat("9", 30))
	f.Fuzz(func(t *testing.T, text string) {
		l, err := nodesOf(text)
		if err != nil {
			return
		}
		again, err := nodesOf(bitsOf(l))
		if err != nil || !slices.Equal(again, l) || bitsOf(l) != strings.TrimLeft(text, "0") && strings.Trim(text, "0") != "" {
			t.Errorf("%q: %v and %v, %v", text, l, again, err)
		}
	})
}

// Whatever anybody writes anywhere is an answer in time, and asked with his
// authority only.
func FuzzWrites(f *testing.F) {
	f.Add(uint8(0), []byte("1\n"))
	f.Add(uint8(30), []byte("1-3,7"))
	f.Fuzz(func(t *testing.T, row uint8, data []byte) {
		file := table[int(row)%len(table)]
		if file.write == nil {
			return
		}
		daemon := &fake{values: settings.Default(), procs: []control.Proc{{PID: 99}}}
		c := &call{Tree: newTree(daemon), opener: someone, pid: 99, number: os.Getpid()}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := c.writeFile(ctx, &file, data); err != nil && errnoOf(err) != syscall.EINVAL && errnoOf(err) != syscall.ENOTSUP {
			t.Errorf("%q to %s: %v", data, file.name, err)
		}
		for _, r := range daemon.asked {
			if r.OnBehalf == nil || *r.OnBehalf != someone {
				t.Errorf("%q to %s: asked on behalf of %+v", data, file.name, r.OnBehalf)
			}
		}
	})
}
