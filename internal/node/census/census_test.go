package census

import (
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"openmosix/internal/linux/procfs"
)

func TestLook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New("/proc")
		first, at, err := c.Look(0)
		if err != nil || !slices.ContainsFunc(first, func(s *procfs.Stat) bool { return s.Pid == os.Getpid() }) {
			t.Fatal(len(first), err)
		}
		for _, s := range first {
			if s.Flags&procfs.FlagKthread != 0 {
				t.Errorf("%d %s is the kernel's", s.Pid, s.Comm)
			}
		}
		time.Sleep(time.Second)
		if _, again, _ := c.Look(2 * time.Second); again != at {
			t.Error("walked although what is known is fresh enough")
		}
		if _, again, _ := c.Look(time.Second / 2); again == at {
			t.Error("not walked although what is known is too old")
		}
	})
}

func BenchmarkLook(b *testing.B) {
	c := New("/proc")
	for b.Loop() {
		stats, _, err := c.Look(-1)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(stats)), "processes")
	}
}
