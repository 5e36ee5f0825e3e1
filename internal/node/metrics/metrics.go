// Package metrics is what a node tells Prometheus: counters that follow the
// events, and figures that are asked for when somebody reads. It has a registry
// of its own. What the figures are is the daemon's affair; which metrics there
// are is a table, from which the manual page is checked.
package metrics

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"openmosix/internal/model/event"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/tally"
)

// Figures are those of one moment.
type Figures struct {
	Nodes       map[string]int // by state
	Load        float64
	Utilisation float64 // 0…1
	Speed, CPUs int
	// Memory in bytes.
	MemTotal, MemAvailable, MemLendable uint64
	Guests, Away, Moving                int
	Refused                             uint64
	KeptFiles, KeptBytes, HeldBytes     uint64
	KeptAsked                           map[string]uint64 // by outcome
	Seen, Done                          []tally.Call
}

// Metrics of one node.
type Metrics struct {
	registry *prometheus.Registry
	figures  func() Figures

	moves, bytes, lending, events *prometheus.CounterVec
	lost                          prometheus.Counter
	freeze                        *prometheus.HistogramVec
}

// Outcomes of moves.
const (
	done    = "done"
	failed  = "failed"
	refused = "refused"
)

// New makes the metrics of a node. figures is asked at each reading.
func New(figures func() Figures) *Metrics {
	f := row(freeze)
	m := &Metrics{
		registry: prometheus.NewPedanticRegistry(), figures: figures,
		moves: counter(moves), bytes: counter(moveBytes), lending: counter(lending), events: counter(events),
		lost: prometheus.NewCounter(prometheus.CounterOpts{Name: lost, Help: row(lost).Help}),
		// From a small process on a fast network to a large one on a slow one.
		freeze: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: f.Name, Help: f.Help, Buckets: prometheus.ExponentialBuckets(0.001, 2, 16)}, f.Labels),
	}
	m.registry.MustRegister(m.moves, m.bytes, m.lending, m.events, m.lost, m.freeze, momentary{m})
	// What has not happened yet is 0, not absent.
	for _, way := range event.Ways() {
		for _, outcome := range []string{done, failed, refused} {
			m.moves.WithLabelValues(string(way), outcome)
		}
		m.bytes.WithLabelValues(string(way))
		if way != event.Exec { // it stands still as every program that is executed
			m.freeze.WithLabelValues(string(way))
		}
	}
	for _, outcome := range []string{"taken", refused} {
		m.lending.WithLabelValues(outcome)
	}
	for _, k := range event.Kinds() {
		if !k.Remark {
			m.events.WithLabelValues(string(k.Kind))
		}
	}
	return m
}

// Observe counts an event.
func (m *Metrics) Observe(e event.Event) {
	m.events.WithLabelValues(string(e.What.Kind())).Inc()
	switch w := e.What.(type) {
	case *event.Move:
		m.move(w)
	case *event.Loss:
		m.lost.Inc()
	case *event.Guest:
		switch w.Is {
		case event.GuestTaken:
			m.lending.WithLabelValues("taken").Inc()
		case event.GuestRefused:
			m.lending.WithLabelValues(refused).Inc()
		}
	}
}

func (m *Metrics) move(w *event.Move) {
	way := string(w.Way)
	switch w.Is {
	case event.Moved:
		m.moves.WithLabelValues(way, done).Inc()
		if w.Way != event.Exec {
			m.freeze.WithLabelValues(way).Observe((time.Duration(w.Frozen) * time.Microsecond).Seconds())
		}
	case event.MoveFailed:
		m.moves.WithLabelValues(way, failed).Inc()
	case event.MoveRefused:
		m.moves.WithLabelValues(way, refused).Inc()
	}
	m.bytes.WithLabelValues(way).Add(float64(w.Bytes))
}

// maxReaders bounds how many read at once.
const maxReaders = 8

// Handler gives the metrics at /metrics.
func (m *Metrics) Handler(log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: maxReaders, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, "openMosix node. Metrics are at /metrics; openmosix-metrics(7) explains them.")
	})
	return mux
}

// momentary collects the figures of the moment.
type momentary struct{ m *Metrics }

// Describe implements prometheus.Collector.
func (momentary) Describe(to chan<- *prometheus.Desc) {
	for _, name := range []string{nodes, nodeLoad, utilisation, speed, cpus, memory, guestsNow, away, moving, strangers, keptFiles, keptBytes, heldBytes, keptAsked, callSeen, callDone, callBytes} {
		to <- desc(name)
	}
}

// Collect implements prometheus.Collector.
func (c momentary) Collect(to chan<- prometheus.Metric) {
	f := c.m.figures()
	put := func(name string, kind prometheus.ValueType, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(desc(name), kind, value, labels...)
	}
	gauge := func(name string, value float64, labels ...string) { put(name, prometheus.GaugeValue, value, labels...) }
	for state, n := range f.Nodes {
		gauge(nodes, float64(n), state)
	}
	gauge(nodeLoad, f.Load)
	gauge(utilisation, f.Utilisation)
	gauge(speed, float64(f.Speed))
	gauge(cpus, float64(f.CPUs))
	gauge(memory, float64(f.MemTotal), "total")
	gauge(memory, float64(f.MemAvailable), "available")
	gauge(memory, float64(f.MemLendable), "lendable")
	gauge(guestsNow, float64(f.Guests))
	gauge(away, float64(f.Away))
	gauge(moving, float64(f.Moving))
	put(strangers, prometheus.CounterValue, float64(f.Refused))
	gauge(keptFiles, float64(f.KeptFiles))
	gauge(keptBytes, float64(f.KeptBytes))
	gauge(heldBytes, float64(f.HeldBytes))
	for outcome, n := range f.KeptAsked {
		put(keptAsked, prometheus.CounterValue, float64(n), outcome)
	}
	for _, call := range f.Seen {
		to <- histogram(callSeen, call)
		put(callBytes, prometheus.CounterValue, float64(call.Sent), nameOf(call.Nr), "to_home")
		put(callBytes, prometheus.CounterValue, float64(call.Received), nameOf(call.Nr), "from_home")
	}
	for _, call := range f.Done {
		to <- histogram(callDone, call)
	}
}

// finest is the first bucket that is shown: nothing is forwarded faster.
const finest = 3

// histogram makes of a row what Prometheus wants: cumulative counts.
func histogram(name string, call tally.Call) prometheus.Metric {
	buckets := make(map[float64]uint64, tally.Buckets)
	var below uint64
	for i := range tally.Buckets - 1 { // the last one is +Inf
		if i < len(call.Buckets) {
			below += call.Buckets[i]
		}
		if i >= finest {
			buckets[tally.Bound(i).Seconds()] = below
		}
	}
	seconds := float64(call.Nanos) / float64(time.Second)
	return prometheus.MustNewConstHistogram(desc(name), call.Count(), seconds, buckets, nameOf(call.Nr))
}

func nameOf(nr int) string {
	if row := syscalls.Lookup(nr); row != nil {
		return row.Name
	}
	return fmt.Sprintf("call_%d", nr)
}
