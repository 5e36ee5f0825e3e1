package cluster

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"openmosix/internal/linux/cgroup"
	"openmosix/internal/node/config"
	"openmosix/internal/node/lodging"
)

// traces is what a lab may leave on a machine.
func traces(t *testing.T, base string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	all, err := members("")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if filepath.Dir(m.dir) == base {
			found["processes"] = append(found["processes"], fmt.Sprint(m))
		}
	}
	links, err := netlink.LinkList()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		found["links"] = append(found["links"], l.Attrs().Name)
	}
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	found["mounts"] = strings.Split(string(mounts), "\n")
	for _, root := range cpuSetRoots {
		sets, _ := filepath.Glob(filepath.Join(root, groupPrefix(place{base, "t"})+"*"))
		found["CPU sets"] = append(found["CPU sets"], sets...)
	}
	hierarchies, err := cgroup.Hierarchies()
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hierarchies {
		err := filepath.WalkDir(h.Mount, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() && isNodeGroup(place{base, "t"}, d.Name()) {
				found["control groups"] = append(found["control groups"], path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if entries, err := os.ReadDir(base); err == nil {
		for _, e := range entries {
			found["files"] = append(found["files"], e.Name())
		}
	}
	return found
}

func freshBase(t *testing.T) string {
	needRoot(t)
	return filepath.Join(t.TempDir(), "labs")
}

func mustLeaveNothing(t *testing.T, base string, before map[string][]string) {
	t.Helper()
	if diff := cmp.Diff(before, traces(t, base)); diff != "" {
		t.Errorf("left behind:\n%s", diff)
	}
}

// A whole life on one pinned CPU; and that a second lab of the name is refused.
func TestUpAndDown(t *testing.T) {
	base := freshBase(t)
	before := traces(t, base)
	o := Options{Base: base, Name: "t", Nodes: 2, CPUs: []int{0, NotPinned}, Links: []string{"migrate"},
		Binds: []Bind{{Source: filepath.Dir(base), Target: "/tmp/shown"}}}
	l, err := Up(limited(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { Down(base, "t") })
	if got, _ := sh(t, l, 1, "nproc"); got != "1\n" {
		t.Errorf("pinned node has %q CPUs", got)
	}
	if got, _ := sh(t, l, 2, "readlink $(command -v migrate); ls /tmp/shown"); got != "openmosix\nlabs\n" {
		t.Errorf("links and binds: %q", got)
	}
	if _, err := Up(limited(t), o); err == nil || !strings.Contains(err.Error(), "lab down") {
		t.Errorf("second lab of that name: %v", err)
	}
	again, err := Open(base, "t")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range again.Health().Live {
		if !n.Alive || n.Daemon != "none" {
			t.Errorf("health: %+v", n)
		}
	}
	if names, err := Names(base); err != nil || !slices.Equal(names, []string{"t"}) {
		t.Errorf("names: %v, %v", names, err)
	}
	// A daemon that was configured otherwise has made its group somewhere else.
	space, _ := sh(t, l, 2, "readlink /proc/self/ns/pid")
	guests, err := cgroup.Make(lodging.GroupOf(config.DefaultRunDir, strings.TrimSpace(space)))
	if err == nil {
		if _, err := guests.Child("1-7"); err != nil {
			t.Error(err)
		}
	} else if !errors.Is(err, cgroup.ErrNone) {
		t.Error(err)
	}
	// Something that holds on: a daemon that ignores polite signals.
	sh(t, l, 1, "trap '' TERM HUP; setsid sleep 1000 >/dev/null 2>&1 &")
	for range 2 { // down twice is as good as once
		if err := Down(base, "t"); err != nil {
			t.Error(err)
		}
	}
	mustLeaveNothing(t, base, before)
	if guests != nil {
		if _, err := os.Stat(guests.Place()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("left behind: %s, %v", guests, err)
			_ = guests.Remove(0)
		}
	}
}

func TestUpThatFailsLeavesNothing(t *testing.T) {
	base := freshBase(t)
	before := traces(t, base)
	for _, o := range []Options{
		{Nodes: 2, CPUs: []int{0, 4000}},
		{Nodes: 1, Binds: []Bind{{"/no/such/source", "/tmp/x"}}},
		{Nodes: 1, Binds: []Bind{{"/etc", "/usr/no-such-target"}}},
		{Nodes: 0},
		{Nodes: 2, CPUs: []int{0}},
	} {
		o.Base, o.Name = base, "t"
		if l, err := Up(limited(t), o); err == nil {
			t.Errorf("%+v came up", o)
			l.Down()
		} else {
			t.Log(err)
		}
		mustLeaveNothing(t, base, before)
	}
}

func TestDownAfterCrash(t *testing.T) {
	base := freshBase(t)
	before := traces(t, base)
	crash := func(t *testing.T, verb string, sig unix.Signal) {
		all, err := members(filepath.Join(base, "t"))
		if err != nil || len(all) == 0 {
			t.Fatal(all, err)
		}
		for _, m := range all {
			if m.verb == verb {
				m.signal(sig)
			}
		}
	}
	for _, c := range []struct {
		name  string
		crash func(*testing.T)
	}{
		{"init killed", func(t *testing.T) { crash(t, InitVerb, unix.SIGKILL) }},
		{"hub killed", func(t *testing.T) { crash(t, HubVerb, unix.SIGKILL) }},
		{"hub stuck", func(t *testing.T) { crash(t, HubVerb, unix.SIGSTOP) }},
		{"files lost", func(t *testing.T) { os.RemoveAll(base) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Up(limited(t), Options{Base: base, Name: "t", Nodes: 2, CPUs: []int{0, 0}}); err != nil {
				t.Fatal(err)
			}
			c.crash(t)
			if err := Down(base, "t"); err != nil {
				t.Error(err)
			}
			mustLeaveNothing(t, base, before)
		})
	}
}

// upThenWait makes a bound lab and waits to be killed.
func upThenWait(base string) int {
	if _, err := Up(context.Background(), Options{Base: base, Name: "t", Nodes: 2, CPUs: []int{0, 0}, Bound: true}); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("up")
	select {}
}

// A lab may go with any process, not only with its maker.
func TestGoesWithAProcess(t *testing.T) {
	base := freshBase(t)
	before := traces(t, base)
	sleeper := exec.Command("sleep", "1000")
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := Up(t.Context(), Options{Base: base, Name: "t", Nodes: 1, With: sleeper.Process.Pid}); err != nil {
		t.Error(err)
	}
	_ = sleeper.Process.Kill()
	_ = sleeper.Wait()
	for end := time.Now().Add(20 * time.Second); !cmp.Equal(before, traces(t, base)) && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	mustLeaveNothing(t, base, before)
	if _, err := Up(t.Context(), Options{Base: base, Name: "t", Nodes: 1, With: sleeper.Process.Pid}); err == nil || !strings.Contains(err.Error(), "no such process") {
		t.Errorf("with a process that has ended: %v", err)
	}
	mustLeaveNothing(t, base, before)
}

// Whoever makes a lab may be killed while it does so, at any moment, or when
// the lab is bound to it: the hub takes everything down by itself.
func TestMakerKilled(t *testing.T) {
	base := freshBase(t)
	before := traces(t, base)
	for _, after := range []time.Duration{5 * time.Millisecond, 40 * time.Millisecond, 90 * time.Millisecond, 0} {
		t.Run(fmt.Sprint(after), func(t *testing.T) {
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			maker := exec.Command(self, groupVerb, "up-then-wait", base)
			out, err := maker.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := maker.Start(); err != nil {
				t.Fatal(err)
			}
			if after == 0 {
				if line, _ := bufio.NewReader(out).ReadString('\n'); line != "up\n" {
					t.Errorf("maker says %q", line)
				}
			}
			time.Sleep(after)
			maker.Process.Kill()
			maker.Wait()
			if !gone(place{base, "t"}, 10*time.Second) {
				t.Error("processes stay")
			}
			if err := Down(base, "t"); err != nil {
				t.Error(err)
			}
			mustLeaveNothing(t, base, before)
		})
	}
}

func TestMark(t *testing.T) {
	p := place{"/run/x", "lab"}
	join := func(args []string) []byte { return []byte(strings.Join(args, "\x00") + "\x00") }
	for _, c := range []struct {
		line []byte
		want member
		ok   bool
	}{
		{join(p.hubArgs()), member{7, HubVerb, "/run/x/lab"}, true},
		{join(p.initArgs(2)), member{7, InitVerb, "/run/x/lab"}, true},
		{join([]string{"openmosix", "lab", "exec", "--lab=/run/x/lab"}), member{}, false},
		{join([]string{"openmosix", "lab", "hub"}), member{}, false},
		{nil, member{}, false},
	} {
		if got, ok := parseMark(7, c.line); got != c.want || ok != c.ok {
			t.Errorf("%q: %+v %v", c.line, got, ok)
		}
	}
}
