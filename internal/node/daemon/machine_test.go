package daemon

import (
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"openmosix/internal/model/load"
	"openmosix/internal/model/supervisor"
)

// machine may change while a daemon looks at it.
type machine struct {
	available atomic.Uint64
	lacks     atomic.Pointer[[]string]
}

func newMachine(available uint64) *machine {
	m := &machine{}
	m.available.Store(available)
	m.lacks.Store(new([]string))
	return m
}

func (m *machine) Memory() (uint64, uint64, error) { return 4 << 30, m.available.Load(), nil }

func (m *machine) Lacks(supervisor.Need) []string { return *m.lacks.Load() }

func (m *machine) Fingerprint() uint64 { return 7 }

func (m *machine) Pressure() load.Pressure { return load.NoPressure }

// untilTheEnd drops what is written after the test: a guest's end may be noticed
// when its daemon has stopped already.
func untilTheEnd(t *testing.T) io.Writer {
	w := &testOutput{to: t.Output()}
	t.Cleanup(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.to = io.Discard
	})
	return w
}

type testOutput struct {
	mu sync.Mutex
	to io.Writer
}

func (w *testOutput) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}
