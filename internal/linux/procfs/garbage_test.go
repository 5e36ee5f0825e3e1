package procfs

import (
	"os"
	"runtime"
	"testing"
)

// TestAShortFileIsReadIntoLittle: some are read each second for a process that rests, by
// a supervisor whose memory they would fill.
func TestAShortFileIsReadIntoLittle(t *testing.T) {
	const times, most = 64, 6 << 10
	pid := os.Getpid()
	for name, look := range map[string]func() error{
		"stat":   func() error { _, err := proc.Stat(pid); return err },
		"status": func() error { _, err := proc.Status(pid); return err },
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range times {
			if err := look(); err != nil {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		if each := (after.TotalAlloc - before.TotalAlloc) / times; each > most {
			t.Errorf("%s: %d bytes each time", name, each)
		}
	}
}
