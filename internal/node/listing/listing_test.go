package listing

import (
	"os"
	"testing"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

func TestList(t *testing.T) {
	own := os.Getpid()
	rows, err := List(procfs.FS("/proc"), []control.Proc{{PID: own, Node: 3, Moves: 2, CPUMicros: 5e6, RSS: 77, State: "running"}, {PID: 1 << 29, Node: 2}})
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for i, r := range rows {
		if i > 0 && rows[i-1].PID >= r.PID {
			t.Fatalf("%d before %d", rows[i-1].PID, r.PID)
		}
		if r.PID != own {
			continue
		}
		found = true
		if r.Node != 3 || r.Moves != 2 || r.CPU < 5*time.Second || r.RSS != 77 || r.Stat != "R" || r.UID != os.Geteuid() || r.Command == "" {
			t.Errorf("own row: %+v", r)
		}
	}
	if !found {
		t.Error("this process is missing")
	}
}

func TestStatesAway(t *testing.T) {
	for state, want := range map[string]string{"running": "R", "sleeping": "S", "stopped": "T", "moving": "M"} {
		r := Row{Stat: "D"} // the deputy
		if r.add(control.Proc{Node: 2, State: state}); r.Stat != want {
			t.Errorf("%s: %+v, want %s", state, r, want)
		}
	}
}

func TestABrokenLinkIsShown(t *testing.T) {
	r := Row{Stat: "S"}
	if r.add(control.Proc{Node: 2, State: supervisor.StateBroken}); r.Stat != "B" {
		t.Errorf("%+v", r)
	}
}

func TestTTYName(t *testing.T) {
	for device, want := range map[int]string{0: "?", 136<<8 | 3: "pts/3", 4<<8 | 1: "tty1", 4<<8 | 64: "ttyS0", 136<<8 | 1<<20 | 5: "pts/261", 5 << 8: "5:0"} {
		if got := TTYName(device); got != want {
			t.Errorf("%#x: %s, want %s", device, got, want)
		}
	}
}
