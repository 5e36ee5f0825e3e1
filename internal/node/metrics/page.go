package metrics

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// The page is written in Prometheus' text format, version 0.0.4, by hand: all parts
// of this program are one binary, and what the client library makes when a process starts,
// for a registry that only the daemon has, was half a megabyte in each supervisor.

// contentType names the format.
const contentType = "text/plain; version=0.0.4; charset=utf-8"

// sample is one line of a metric, or the lines of one histogram. values are
// those of the metric's labels, in their order.
type sample struct {
	values    []string
	value     float64
	histogram *histogram // nil: it is value
}

// page is a text that grows.
type page struct{ bytes.Buffer }

// family writes all samples of a metric, or nothing if there are none.
func (p *page) family(m Metric, samples []sample) {
	if len(samples) == 0 {
		return
	}
	slices.SortFunc(samples, func(a, b sample) int { return slices.Compare(a.values, b.values) })
	p.WriteString("# HELP " + m.Name + " " + helpText.Replace(m.Help) + "\n# TYPE " + m.Name + " " + m.Type + "\n")
	for _, s := range samples {
		if s.histogram != nil {
			p.histogram(m, s)
			continue
		}
		p.line(m.Name, labels(m.Labels, s.values), number(s.value))
	}
}

// histogram writes cumulative counts: how many were at most each bound.
func (p *page) histogram(m Metric, s sample) {
	h, names := s.histogram, append(slices.Clip(m.Labels), "le")
	var count uint64
	for i, n := range h.counts {
		count += n
		bound := "+Inf"
		if i < len(h.bounds) {
			bound = number(h.bounds[i])
		}
		p.line(m.Name+"_bucket", labels(names, append(slices.Clip(s.values), bound)), strconv.FormatUint(count, 10))
	}
	p.line(m.Name+"_sum", labels(m.Labels, s.values), number(h.sum))
	p.line(m.Name+"_count", labels(m.Labels, s.values), strconv.FormatUint(count, 10))
}

func (p *page) line(name, labels, value string) { p.WriteString(name + labels + " " + value + "\n") }

// What the format says of characters that end a text.
var (
	helpText  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	labelText = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

// labels are names and values in braces; nothing if there are none.
func labels(names, values []string) string {
	var pairs []string
	for i, name := range names {
		pairs = append(pairs, name+`="`+labelText.Replace(values[i])+`"`)
	}
	if pairs == nil {
		return ""
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// histogram counts values, each at the first bound that is not less than it.
type histogram struct {
	bounds []float64 // rising
	counts []uint64  // one more than bounds: the last are above all
	sum    float64
}

func newHistogram(bounds []float64) *histogram {
	return &histogram{bounds: bounds, counts: make([]uint64, len(bounds)+1)}
}

func (h *histogram) observe(v float64) {
	i, _ := slices.BinarySearch(h.bounds, v)
	h.counts[i]++
	h.sum += v
}
