package daemon

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"openmosix/internal/model/trust"
	"openmosix/internal/node/config"
	"openmosix/internal/node/control"
	"openmosix/internal/node/policy"
)

// Without a state directory, and when what is said of processes cannot be kept, a node
// does what it does elsewhere.
func TestNothingCanBeKept(t *testing.T) {
	one, _ := twoNodes(t, func(d *Daemon) {
		d.config.StateDir = "/proc/none"
	})
	if err := os.Mkdir(filepath.Join(one.config.RunDir, "policies.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	pid := sleeper(t, 0).Process.Pid
	three := 3
	if r := one.ask(t, control.Request{Verb: control.Policy, PID: pid, Change: &policy.Change{Disclosure: &three}}); r.Code != "" {
		t.Errorf("policy: %+v", r)
	}
	if r := one.move(t, pid, 2); r.Code != "" {
		t.Errorf("out: %+v", r)
	}
	if r := one.move(t, pid, 0); r.Code != "" {
		t.Errorf("home: %+v", r)
	}
}

// What keeps a node from starting is said with the setting that mends it.
func TestWhyItDoesNotStart(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a node daemon needs root")
	}
	key, err := trust.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for want, spoil := range map[string]func(*config.Config){
		"run_dir":                  func(c *config.Config) { c.RunDir = "/proc/none" },
		"in use; end what uses":    func(c *config.Config) { c.Listen = taken.Addr().String() },
		"this machine has no such": func(c *config.Config) { c.Listen = "192.0.2.1:1" },
	} {
		c := config.Default()
		c.Number, c.RunDir, c.StateDir, c.Listen, c.Metrics = 1, filepath.Join(t.TempDir(), "run"), t.TempDir(), "127.0.0.1:0", ""
		spoil(&c)
		d, err := New(c, trust.RingOf(key), nil, newMachine(1<<30), slog.New(slog.DiscardHandler))
		if err == nil {
			err = d.Run(ctx)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// The directory of the control socket is everybody's to enter, whoever made it.
func TestEverybodyReachesTheSocket(t *testing.T) {
	one, _ := twoNodes(t, nil)
	for dir, want := range map[string]os.FileMode{one.config.RunDir: 0o755, one.socketPath(""): 0o700, one.aboutDir(): 0o700} {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %04o", dir, info.Mode(), err, want)
		}
	}
}
