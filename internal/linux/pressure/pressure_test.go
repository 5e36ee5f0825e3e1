package pressure

import (
	"os"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	got, err := Parse([]byte("some avg10=12.34 avg60=5.00 avg300=1.00 total=1234567\nfull avg10=100.00 avg60=0.00 avg300=0.00 total=89\n"))
	want := Sample{Some: Waited{123, 1234567 * time.Microsecond}, Full: Waited{1000, 89 * time.Microsecond}}
	if err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := Parse([]byte("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n")); err != nil || got != (Sample{}) {
		t.Errorf("a kernel without full: %+v, %v", got, err)
	}
	for _, bad := range []string{"", "full avg10=0.00 total=1\n", "some avg10=0.00\n", "some total=1\n", "some avg10=x total=1\n",
		"some avg10=-1 total=1\n", "some avg10=NaN total=1\n", "some avg10=0.00 total=-1\n"} {
		if got, err := Parse([]byte(bad)); err == nil {
			t.Errorf("%q was accepted: %+v", bad, got)
		}
	}
}

func TestRead(t *testing.T) {
	for _, r := range []Resource{CPU, Memory} {
		if _, err := os.ReadFile("/proc/pressure/" + string(r)); err != nil {
			t.Skipf("this kernel counts no pressure: %v", err)
		}
		if s, err := Read(r); err != nil || s.Some.Total < s.Full.Total {
			t.Errorf("%s: %+v, %v", r, s, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := Parse(b); err == nil && (s.Some.Lately < 0 || s.Some.Lately > 1000 || s.Some.Total < 0) {
			t.Errorf("%+v", s)
		}
	})
}
