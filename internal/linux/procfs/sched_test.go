package procfs

import (
	"os"
	"testing"
	"time"
)

func TestSchedOfSelf(t *testing.T) {
	s, err := proc.Sched(os.Getpid(), os.Getpid())
	if err != nil || s.Began <= 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestParseSched(t *testing.T) {
	const good = "cat (4875, #threads: 1)\n---\nse.exec_start        :      35445220.608112\nse.vruntime : 1.0\nnr_voluntary_switches     :        7\n"
	want := Sched{Began: 35445220*time.Millisecond + 608112, Sleeps: 7}
	if s, err := ParseSched([]byte(good)); err != nil || s != want {
		t.Errorf("%+v, %v", s, err)
	}
	for _, bad := range []string{"", "se.exec_start : 1.000000\n", "se.exec_start : 1.5\nnr_voluntary_switches : 1\n", "se.exec_start : x.000000\nnr_voluntary_switches : 1\n"} {
		if s, err := ParseSched([]byte(bad)); err == nil {
			t.Errorf("%q is %+v", bad, s)
		}
	}
}

func TestParseCall(t *testing.T) {
	c, err := ParseCall([]byte("7 0x1 0x2 0x3 0x4 0x5 0x6 0x7ffd 0x7f00\n"))
	if want := (Call{7, [6]uint64{1, 2, 3, 4, 5, 6}, 0x7ffd, 0x7f00}); err != nil || c != want {
		t.Errorf("%+v, %v", c, err)
	}
	for _, bad := range []string{"", "running\n", "-1 0x7ffd 0x7f00\n", "7 0x1\n", "7 0x1 0x2 0x3 0x4 0x5 0x6 0x7ffd y\n"} {
		if c, err := ParseCall([]byte(bad)); err == nil {
			t.Errorf("%q is %+v", bad, c)
		}
	}
}

func FuzzSchedAndCall(f *testing.F) {
	f.Add([]byte("se.exec_start : 1.000000\nnr_voluntary_switches : 1\n"))
	f.Add([]byte("7 0x1 0x2 0x3 0x4 0x5 0x6 0x7ffd 0x7f00\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := ParseSched(b); err == nil && s.Began < 0 {
			t.Fatal(s)
		}
		_, _ = ParseCall(b)
	})
}
