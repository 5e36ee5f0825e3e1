package measure

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/load"
)

func TestSpeedIsKeptForOneBoot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "speed.json")
	m := New("/proc", path, nobody, slog.New(slog.DiscardHandler))
	first, err := m.measuredSpeed()
	if err != nil || first < 100 {
		t.Fatalf("%d, %v", first, err)
	}
	boot := procfs.FS("/proc").BootID()
	for text, want := range map[string]int{
		fmt.Sprintf(`{"boot":%q,"speed":4711}`, boot): 4711,
		fmt.Sprintf(`{"boot":%q,"speed":-1}`, boot):   0,
		`{"boot":"another","speed":4711}`:             0,
		`garbage`:                                     0,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := m.measuredSpeed()
		if err != nil || (want != 0 && got != want) || (want == 0 && (got == 4711 || got < 100)) {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
}

func TestRunSmooths(t *testing.T) {
	path := filepath.Join(t.TempDir(), "speed.json")
	if err := (kept{Boot: procfs.FS("/proc").BootID(), Speed: 123}).write(path); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		m := New("/proc", path, nobody, slog.New(slog.DiscardHandler))
		seconds, told := uint64(0), 0
		m.count = func() (load.Counts, error) {
			seconds++
			return load.Counts{Running: 1000, Busy: seconds * 100, Passed: seconds * 100}, nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		go m.Run(ctx, func() { told++ })
		time.Sleep(time.Minute)
		synctest.Wait()
		f := m.Now()
		cancel()
		if told < 59 || told > 61 {
			t.Errorf("told %d times in a minute", told)
		}
		if f.Speed != 123 || f.Demand < 990 || f.Demand > 1001 || f.Used < 0.99 {
			t.Errorf("%+v", f)
		}
	})
}

func TestCensus(t *testing.T) {
	c := newCensus("/proc", nobody)
	c.alone = func() bool { return false }
	if _, err := c.count(); err != nil {
		t.Fatal(err)
	}
	before := c.busy
	time.Sleep(20 * time.Millisecond)
	counts, err := c.count()
	if err != nil || counts.Running < 0 || counts.Busy < before || counts.Passed == 0 {
		t.Errorf("%+v, %v", counts, err)
	}
}

// While nothing else runs processes are not looked at, but now and then.
func TestCensusOfAnIdleMachine(t *testing.T) {
	c := newCensus("/proc", nobody)
	c.alone = func() bool { return true }
	looks := 0
	for range 3 * (idleLooks + 1) {
		c.ticks = map[who]uint64{{}: 1} // what a look replaces
		if counts, err := c.count(); err != nil || counts.Passed > 1<<40 {
			t.Fatalf("%+v, %v", counts, err)
		}
		if len(c.ticks) > 1 {
			looks++
		}
	}
	if looks != 3 {
		t.Errorf("looked %d times", looks)
	}
}

func nobody() map[int]bool { return nil }

// Threads of supervisors that wait for a CPU are none that want one.
func TestSupervisorsDoNotCount(t *testing.T) {
	proc := fakeProc(t, []fake{{pid: 10, parent: 1, state: "R"}, {pid: 20, parent: 1, state: "R", threads: []string{"R", "S", "R"}}})
	serves := map[int]bool{20: true}
	c := newCensus(proc, func() map[int]bool { return serves })
	c.alone = func() bool { return false }
	for want := range 2 {
		counts, err := c.count()
		if err != nil || counts.Running != 1+2*want {
			t.Errorf("%+v, %v; want %d", counts, err, 1+2*want)
		}
		m := New(proc, "", func() map[int]bool { return serves }, slog.New(slog.DiscardHandler))
		if got := m.supervisors(); got != 2*(1-want) {
			t.Errorf("%d of supervisors run", got)
		}
		serves = nil
	}
}
