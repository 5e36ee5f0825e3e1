package daemon

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"openmosix/internal/linux/cgroup"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/config"
	"openmosix/internal/node/control"
	"openmosix/internal/node/policy"
)

func TestWhatEachLevelTells(t *testing.T) {
	full := supervisor.Open{ID: 7, Node: 2, PID: 42, UID: 1000, GID: 100, Command: "povray", Args: []string{"povray", "scene"}, Need: supervisor.Need{Memory: 5}}
	for level, want := range []string{
		`{"pid":9,"home":1,"rss":4096,"cpu_us":6,"disclosed":0}`,
		`{"pid":9,"home":1,"home_pid":42,"rss":4096,"cpu_us":6,"disclosed":1}`,
		`{"pid":9,"home":1,"home_pid":42,"rss":4096,"cpu_us":6,"disclosed":2,"uid":1000,"gid":100}`,
		`{"pid":9,"home":1,"home_pid":42,"rss":4096,"cpu_us":6,"disclosed":3,"uid":1000,"gid":100,"command":"povray","args":["povray","scene"]}`,
	} {
		asked := telling(full, level)
		if asked.Need.Memory != 5 || asked.ID != 7 || asked.Node != 2 {
			t.Errorf("level %d: what is needed is lost: %+v", level, asked)
		}
		// What goes over the wire says no more than what is shown.
		words, _ := json.Marshal(asked)
		for at, secret := range map[int]string{policy.TellPID: "42", policy.TellUser: "1000", policy.TellCommand: "povray"} {
			if strings.Contains(string(words), secret) != (level >= at) {
				t.Errorf("level %d tells %s", level, words)
			}
		}
		got, _ := json.Marshal(guestOf(supervisor.Proc{PID: 9, Node: 1, HomePID: 42, RSS: 4096, CPUMicros: 6}, asked))
		if string(got) != want {
			t.Errorf("level %d: %s", level, got)
		}
	}
	long := telling(supervisor.Open{Disclosed: 99, Command: strings.Repeat("x", 1<<20), Args: append(make([]string, 1000), "y")}, 99)
	if len(long.Command) > maxCommand || len(long.Args) > maxArguments || long.Disclosed != policy.TellCommand {
		t.Errorf("%d, %d, %d", len(long.Command), len(long.Args), long.Disclosed)
	}
}

func TestWhatWasDisclosedOutlivesTheDaemon(t *testing.T) {
	one, two := twoNodes(t, nil)
	process := sleeper(t, 12345).Process.Pid
	if r := one.move(t, process, 2); r.Code != "" {
		t.Fatalf("%+v", r)
	}
	lent := two.ask(t, control.Request{Verb: control.Lent}).Lent
	if len(lent) != 1 || lent[0].Home != 1 || lent[0].Disclosed != policy.TellCommand || lent[0].UID == nil {
		t.Errorf("%+v", lent)
	}
	g := two.guests.list()[0]
	again := &guest{session: g.session}
	two.recallAbout(again)
	if again.about.PID != process || again.about.Disclosed != policy.TellCommand {
		t.Errorf("%+v", again.about)
	}
	if r := one.move(t, process, 0); r.Code != "" {
		t.Fatalf("%+v", r)
	}
	waitFor(t, "the file to go", func() bool {
		left, err := filepath.Glob(filepath.Join(two.aboutDir(), "*"))
		return err == nil && len(left) == 0
	})
}

func TestLimits(t *testing.T) {
	var limit func(g *config.Guests)
	set := func(n *node) {
		c := *n.live.Load()
		c.Guests = config.Default().Guests
		c.Guests.OwnerFirst, c.Guests.Weight = false, cgroup.Ordinary // others are busy on the machine
		limit(&c.Guests)
		n.live.Store(&c)
	}
	one, two := twoNodes(t, nil)
	// A part of one CPU, with which a guest supervisor gets on all the same: it is held to that.
	percent := max(1, 15/runtime.NumCPU())
	for name, l := range map[string]func(g *config.Guests){
		"load_limit":  func(g *config.Guests) { g.LoadLimit = 1e-6 },
		"cpu_percent": func(g *config.Guests) { g.CPUPercent = percent },
	} {
		limit = l
		set(two)
		first, second := sleeper(t, 12345).Process.Pid, sleeper(t, 12345).Process.Pid
		r := one.move(t, first, 2)
		if name == "cpu_percent" { // one guest always may, the next has to wait
			if r.Code != "" {
				t.Fatalf("%+v", r)
			}
			r = one.move(t, second, 2)
		}
		if r.Code != supervisor.Refused || !strings.Contains(r.Text, "guests."+name) {
			t.Errorf("%s: %+v", name, r)
		}
		limit = func(g *config.Guests) { g.LoadLimit = 1e5 }
		set(two)
		if r := one.move(t, second, 2); r.Code != "" {
			t.Errorf("after %s: %+v", name, r)
		}
		one.admin(t, 0, "bring")
		one.admin(t, 0, "nolstay")
		waitFor(t, "the guests to be gone", func() bool { return len(two.guests.list()) == 0 && two.guestCPU.Now() < 0.005 })
	}
}

func TestOOMPolicy(t *testing.T) {
	one, two := twoNodes(t, nil)
	process := sleeper(t, 12345).Process.Pid
	if r := one.move(t, process, 2); r.Code != "" {
		t.Fatalf("%+v", r)
	}
	score := func() string {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(two.guests.list()[0].child.pid) + "/oom_score_adj")
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(text))
	}
	if got := score(); got != "1000" {
		t.Errorf("a guest has the score %s", got)
	}
	c := *two.live.Load()
	c.Guests.OOM = config.OOMNormal
	two.live.Store(&c)
	two.rescoreGuests()
	if got := score(); got != "0" {
		t.Errorf("after a reload a guest has the score %s", got)
	}
}
