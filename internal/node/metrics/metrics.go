// Package metrics is what a node tells Prometheus: counters that follow the
// events, and figures that are asked for when somebody reads. What the figures
// are is the daemon's affair; which metrics there are is a table, from which the
// manual page is checked.
package metrics

import (
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"openmosix/internal/model/event"
)

// Metrics of one node. Any goroutine may use them.
type Metrics struct {
	figures func() Figures
	readers chan struct{} // who reads holds a place in it

	mu     sync.Mutex
	counts map[string]map[labelled]uint64 // by metric
	freeze map[event.Way]*histogram
}

// labelled are the values of a metric's labels; none has more than two.
type labelled [2]string

// Outcomes of moves.
const (
	done    = "done"
	failed  = "failed"
	refused = "refused"
)

// maxReaders bounds how many read at once.
const maxReaders = 8

// New makes the metrics of a node. figures is asked at each reading.
func New(figures func() Figures) *Metrics {
	m := &Metrics{figures: figures, readers: make(chan struct{}, maxReaders), counts: map[string]map[labelled]uint64{}, freeze: map[event.Way]*histogram{}}
	// What has not happened yet is 0, not absent.
	for _, way := range event.Ways() {
		for _, outcome := range []string{done, failed, refused} {
			m.add(0, moves, string(way), outcome)
		}
		m.add(0, moveBytes, string(way))
		if way != event.Exec { // it stands still as every program that is executed
			m.freeze[way] = newHistogram(freezeBounds())
		}
	}
	for _, outcome := range []string{"taken", refused} {
		m.add(0, lending, outcome)
	}
	m.add(0, lost)
	for _, k := range event.Kinds() {
		if !k.Remark {
			m.add(0, events, string(k.Kind))
		}
	}
	return m
}

// freezeBounds are in seconds, from a small process on a fast network to a large one
// on a slow one.
func freezeBounds() (bounds []float64) {
	for s := 0.001; len(bounds) < 16; s *= 2 {
		bounds = append(bounds, s)
	}
	return bounds
}

// add counts. Precondition: mu is held, or nobody else has m yet.
func (m *Metrics) add(n uint64, metric string, values ...string) {
	if m.counts[metric] == nil {
		m.counts[metric] = map[labelled]uint64{}
	}
	var l labelled
	copy(l[:], values)
	m.counts[metric][l] += n
}

// Observe counts an event.
func (m *Metrics) Observe(e event.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(1, events, string(e.What.Kind()))
	switch w := e.What.(type) {
	case *event.Move:
		m.move(w)
	case *event.Loss:
		m.add(1, lost)
	case *event.Guest:
		switch w.Is {
		case event.GuestTaken:
			m.add(1, lending, "taken")
		case event.GuestRefused:
			m.add(1, lending, refused)
		}
	}
}

// move counts an event of a move. Precondition: mu is held.
func (m *Metrics) move(w *event.Move) {
	way := string(w.Way)
	switch w.Is {
	case event.Moved:
		m.add(1, moves, way, done)
		if h := m.freeze[w.Way]; h != nil {
			h.observe((time.Duration(w.Frozen) * time.Microsecond).Seconds())
		}
	case event.MoveFailed:
		m.add(1, moves, way, failed)
	case event.MoveRefused:
		m.add(1, moves, way, refused)
	}
	m.add(w.Bytes, moveBytes, way)
}

// Handler gives the metrics at /metrics.
func (m *Metrics) Handler(log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		select {
		case m.readers <- struct{}{}:
			defer func() { <-m.readers }()
		default:
			http.Error(w, fmt.Sprintf("%d others are reading: try again later", maxReaders), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", contentType)
		if _, err := m.page().WriteTo(w); err != nil {
			log.Debug("metrics are not read to their end", "error", err)
		}
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, "openMosix node. Metrics are at /metrics; openmosix-metrics(7) explains them.")
	})
	return mux
}

// page is all metrics as they are now.
func (m *Metrics) page() *page {
	samples := m.figures().samples()
	m.mu.Lock()
	defer m.mu.Unlock()
	for way, h := range m.freeze {
		samples[freeze] = append(samples[freeze], sample{values: []string{string(way)}, histogram: h})
	}
	p := &page{}
	for _, row := range table {
		for values, n := range m.counts[row.Name] {
			samples[row.Name] = append(samples[row.Name], sample{values: values[:len(row.Labels)], value: float64(n)})
		}
		p.family(row, samples[row.Name])
	}
	return p
}
