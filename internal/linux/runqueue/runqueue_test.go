package runqueue

import "testing"

func TestParse(t *testing.T) {
	s, err := Parse([]byte("cpu  10 1 5 100 20 2 3 4 9 9\ncpu0 1 1 1 1 1 1 1 1 1 1\nctxt 5\nprocs_running 7\n"))
	if err != nil || s != (Sample{Running: 7, Busy: 25, Passed: 145}) {
		t.Errorf("%+v, %v", s, err)
	}
	for _, text := range []string{"", "cpu 1 2 3 4\n", "procs_running 1\n", "cpu x\nprocs_running 1\n", "cpu 1\nprocs_running -1\n"} {
		if s, err := Parse([]byte(text)); err == nil {
			t.Errorf("%q: %+v", text, s)
		}
	}
}

func TestRead(t *testing.T) {
	s, err := Read()
	if err != nil || s.Running < 1 || s.Busy == 0 || s.Passed < s.Busy {
		t.Errorf("%+v, %v", s, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("cpu  1 2 3 4 5 6 7 8\nprocs_running 1\n"))
	f.Fuzz(func(_ *testing.T, text []byte) { _, _ = Parse(text) })
}

func TestRunning(t *testing.T) {
	if n, err := parseRunning([]byte("0.20 0.18 0.12 3/80 11206\n")); err != nil || n != 3 {
		t.Errorf("%d, %v", n, err)
	}
	for _, bad := range []string{"", "0.20 0.18 0.12", "0.20 0.18 0.12 x/80 1", "0.20 0.18 0.12 -1/80 1"} {
		if _, err := parseRunning([]byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
	if n, err := Running(); err != nil || n < 1 {
		t.Errorf("%d, %v", n, err)
	}
}
