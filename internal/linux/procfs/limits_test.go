package procfs

import (
	"os"
	"strings"
	"testing"

	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

func TestLimitsOfSelf(t *testing.T) {
	all, err := FS("/proc").Limits(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	for number, got := range all {
		var want unix.Rlimit
		if err := unix.Getrlimit(number, &want); err != nil || got != (image.Limit(want)) {
			t.Errorf("limit %d is %v, not %v: %v", number, got, want, err)
		}
	}
}

func TestParseLimits(t *testing.T) {
	text, err := os.ReadFile("/proc/self/limits")
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"nothing":     "",
		"one missing": strings.Replace(string(text), "Max locked memory", "Max looked memory", 1),
		"no number":   "Max cpu time              some                 unlimited            seconds\n" + string(text),
	} {
		if _, err := ParseLimits([]byte(bad)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzLimits(f *testing.F) {
	f.Add([]byte("Max cpu time              unlimited            10                   seconds\n"))
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = ParseLimits(b) })
}
