package guest

import (
	"strings"
	"testing"
)

func TestStatusText(t *testing.T) {
	home := "Name:\tx\nState:\tS (sleeping)\nPid:\t7\nTracerPid:\t99\nVmPeak:\t    1 kB\nVmSize:\t    1 kB\nVmRSS:\t    2 kB\nThreads:\t3\nSigQ:\t1/2\nSigBlk:\t0000000000000000\n"
	here := "Name:\ty\nState:\tS (sleeping)\nPid:\t8\nTracerPid:\t5\nVmPeak:\t    2048 kB\nVmSize:\t    2048 kB\nVmRSS:\t    300 kB\nThreads:\t4\nSigQ:\t3/4\nSigBlk:\t0000000000000200\n"
	want := "Name:\tx\nState:\tR (running)\nPid:\t7\nTracerPid:\t0\nVmPeak:\t    1024 kB\nVmSize:\t    1024 kB\nVmRSS:\t    300 kB\nThreads:\t3\nSigQ:\t1/2\nSigBlk:\t0000000000000200\n"
	if got := string(statusText([]byte(home), []byte(here), 1<<20, true)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestStatText(t *testing.T) {
	line := func(change map[int]string) string {
		f := strings.Fields(strings.Repeat("0 ", 50))
		for n, v := range change {
			f[n-3] = v
		}
		return "7 (a) b) " + strings.Join(f, " ") + "\n"
	}
	home := line(map[int]string{3: "S", 4: "1", 10: "5", 14: "100", 15: "10", 16: "1", 17: "2", 23: "4096", 24: "1"})
	here := line(map[int]string{3: "S", 4: "9", 10: "7", 14: "1", 15: "1", 23: "1052672", 24: "20", 34: "512"})
	want := line(map[int]string{3: "R", 4: "1", 10: "12", 14: "350", 15: "60", 16: "21", 17: "12", 23: "4096", 24: "20", 34: "512"})
	u, children := usage{CPU: 3e9, System: 5e8}, usage{CPU: 3e8, System: 1e8}
	if got, ok := statText([]byte(home), []byte(here), 1<<20, u, children, true); !ok || string(got) != want {
		t.Errorf("%v\n%s\nwant\n%s", ok, got, want)
	}
	for _, bad := range []string{"", "7 (x", "7 (x) S 1\n"} {
		if _, ok := statText([]byte(bad), []byte(here), 0, u, children, true); ok {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestStatmText(t *testing.T) {
	if got := string(statmText([]byte("300 20 3 4 0 5 0\n"), 1<<20)); got != "44 20 3 4 0 5 0\n" {
		t.Errorf("%q", got)
	}
}
