// Package measure watches how busy this node is: it counts once a second, and
// measures the speed of the processors once after each start of the machine.
// The arithmetic is model/load's; what the figures are used for is not known here.
//
// A Measurer's figures are guarded by its lock, under which nothing blocks.
package measure

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"openmosix/internal/linux/pressure"
	"openmosix/internal/linux/procfs"
	"openmosix/internal/linux/runqueue"
	"openmosix/internal/model/load"
)

// every is the time between two counts.
const every = time.Second

// Figures are a node's own, in standard units.
type Figures struct {
	Demand float64 // threads that want a CPU
	Used   float64 // share of the CPUs' time in use, 0…1
	Speed  int     // measured
	CPUs   int
}

// Measurer counts while Run runs.
type Measurer struct {
	proc  procfs.FS
	cache string // file with the speed
	// serves are the supervisors of this node, by pid. Their threads wait for a CPU far more often than
	// they use one (the runtime's watcher lets everybody pass): what they use counts, and not that they wait.
	serves func() map[int]bool
	log    *slog.Logger
	count  func() (load.Counts, error)

	mu    sync.Mutex
	state load.State
	speed int
}

// New makes a measurer that keeps the speed in a file. serves tells which processes are this
// node's supervisors.
func New(proc procfs.FS, speedFile string, serves func() map[int]bool, log *slog.Logger) *Measurer {
	m := &Measurer{proc: proc, cache: speedFile, serves: serves, log: log, speed: load.Standard}
	m.count = m.machine
	if !runqueue.WholeMachine() {
		c := newCensus(proc, serves)
		m.count = c.count
	}
	return m
}

// Now gives the figures.
func (m *Measurer) Now() Figures {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Figures{Demand: m.state.Demand, Used: m.state.Used, Speed: m.speed, CPUs: runtime.NumCPU()}
}

// Run counts until ctx ends, and tells after each time that it has.
func (m *Measurer) Run(ctx context.Context, counted func()) {
	speed, err := m.measuredSpeed()
	if err != nil {
		m.log.Warn("the speed of the processors is not known; the standard one is assumed", "error", err)
	} else {
		m.mu.Lock()
		m.speed = speed
		m.mu.Unlock()
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	last := time.Now()
	told := false
	for {
		counts, err := m.count()
		now := time.Now()
		if err == nil {
			m.mu.Lock()
			m.state = m.state.Next(counts, runtime.NumCPU(), now.Sub(last))
			m.mu.Unlock()
			last = now
			counted()
		} else if !told {
			told = true // once: it would come every second
			m.log.Warn("the load of this node is not known", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// machine counts for the whole machine, without the thread that reads and without supervisors' where
// CPUs are waited for.
func (m *Measurer) machine() (load.Counts, error) {
	s, err := runqueue.Read()
	waited, _ := pressure.Read(pressure.CPU) // not every kernel counts it
	running, cpus := s.Running-1, runtime.NumCPU()
	if running > cpus {
		running = max(cpus, running-m.supervisors())
	}
	return load.Counts{Running: running, Busy: s.Busy, Passed: s.Passed, Waited: waited.Some.Total}, err
}

// supervisors counts their threads that run or want to.
func (m *Measurer) supervisors() (n int) {
	c := census{proc: m.proc}
	for pid := range m.serves() {
		if stat, err := m.proc.Stat(pid); err == nil {
			n += c.running(pid, stat)
		}
	}
	return n
}
