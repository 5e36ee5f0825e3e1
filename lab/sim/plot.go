package sim

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"
	"strings"
)

// Size of a plot and of its parts, in pixels.
const (
	plotWidth  = 900.0
	plotLeft   = 180.0 // of all that is drawn; names stand left of it
	plotRight  = 50.0
	plotMargin = 24.0
	headHeight = 66.0
	barHeight  = 24.0
	barGap     = 10.0
	chartHead  = 64.0 // above a chart, for what it shows
	chartSize  = 250.0
	chartFoot  = 52.0 // below, for its scale
)

// colours of the policies, told apart also by those who see no red or green.
var colours = []color.RGBA{
	{0x00, 0x72, 0xb2, 0xff}, {0xe6, 0x9f, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff}, {0xcc, 0x79, 0xa7, 0xff},
	{0xd5, 0x5e, 0x00, 0xff}, {0x56, 0xb4, 0xe9, 0xff}, {0x55, 0x55, 0x55, 0xff},
}

func colour(i int) color.RGBA { return colours[i%len(colours)] }

// Formats of plots, by the ends of their files' names.
var Formats = []string{".svg", ".png"}

// Plot writes a picture: the mean slowdown of each policy as bars; how large a
// share of the jobs has at most which slowdown, as curves; and how many threads had no
// CPU of their own, over time, if there were any. format is one of Formats.
func (r *Report) Plot(w io.Writer, format string) error {
	charts := 1
	if r.crowd() > 0 {
		charts = 2
	}
	bars := headHeight + float64(len(r.Policies))*(barHeight+barGap)
	height := bars + float64(charts)*(chartHead+chartSize+chartFoot)
	c, err := newCanvas(format, plotWidth, height)
	if err != nil {
		return err
	}
	c.text(plotMargin, plotMargin+6, begins, 18, r.Title)
	c.text(plotMargin, plotMargin+26, begins, 12, fmt.Sprintf("mean slowdown, ± its standard error; %s, %s, seed %d", count(r.Nodes, "node"), count(r.Runs, "run"), r.Seed))
	r.drawBars(c, headHeight)
	r.drawSlowdowns(c, bars+chartHead)
	if charts > 1 {
		r.drawWaiting(c, bars+chartHead+chartSize+chartFoot+chartHead)
	}
	return c.write(w)
}

func newCanvas(format string, width, height float64) (canvas, error) {
	switch format {
	case ".svg":
		return newVectors(width, height), nil
	case ".png":
		return newRaster(width, height)
	}
	return nil, fmt.Errorf("a picture is one of %s, not %q", strings.Join(Formats, ", "), format)
}

func count(n int, of string) string {
	if n != 1 {
		of += "s"
	}
	return fmt.Sprintf("%d %s", n, of)
}

func (r *Report) drawBars(c canvas, top float64) {
	most := 0.0
	for _, p := range r.Policies {
		most = max(most, p.Slowdown+p.Error)
	}
	for i, p := range r.Policies {
		y := top + float64(i)*(barHeight+barGap)
		scale := (plotWidth - plotLeft - plotRight - 110) / max(most, 1e-9)
		c.text(plotLeft-10, y+17, ends, 13, p.Policy)
		if p.Finished == 0 {
			c.text(plotLeft+8, y+17, begins, 13, "no job has ended")
			continue
		}
		c.rect(plotLeft, y, p.Slowdown*scale, barHeight, colour(i))
		words := fmt.Sprintf("%.2f", p.Slowdown)
		if p.Error > 0 {
			words += fmt.Sprintf(" ± %.2f", p.Error)
			from, to, at := plotLeft+(p.Slowdown-p.Error)*scale, plotLeft+(p.Slowdown+p.Error)*scale, y+barHeight/2
			c.line([]point{{from, at}, {to, at}}, 1.5, ink)
		}
		c.text(plotLeft+(p.Slowdown+p.Error)*scale+8, y+17, begins, 13, words)
	}
}

// chart is a field with two scales, from 0 to 1 each.
type chart struct {
	c   canvas
	top float64
}

func (f chart) at(x, y float64) point {
	return point{plotLeft + x*(plotWidth-plotLeft-plotRight), f.top + chartSize*(1-y)}
}

func (f chart) head(words string) { f.c.text(plotMargin, f.top-18, begins, 13, words) }

func (f chart) foot(words string) {
	f.c.text(f.at(0.5, 0).x, f.top+chartSize+38, middle, 12, words)
}

// across marks a value of the scale of heights, down one of the other.
func (f chart) across(y float64, words string) {
	f.c.line([]point{f.at(0, y), f.at(1, y)}, 1, grid)
	f.c.text(plotLeft-10, f.at(0, y).y+4, ends, 12, words)
}

func (f chart) down(x float64, words string) {
	f.c.line([]point{f.at(x, 0), f.at(x, 1)}, 1, grid)
	f.c.text(f.at(x, 0).x, f.top+chartSize+18, middle, 12, words)
}

// drawSlowdowns has a logarithmic scale of slowdowns.
func (r *Report) drawSlowdowns(c canvas, top float64) {
	most := 2.0
	for _, p := range r.Policies {
		most = max(most, slices.Max(p.Quantiles))
	}
	marks := upTo(most)
	width := math.Log10(marks[len(marks)-1])
	f := chart{c, top}
	f.head("share of the jobs with at most this slowdown")
	for _, m := range thinned(marks) {
		f.down(math.Log10(m)/width, fmt.Sprintf("%g", m))
	}
	for s := 0.0; s <= 1; s += 0.25 {
		f.across(s, fmt.Sprintf("%g%%", s*100))
	}
	for i, p := range r.Policies {
		if p.Finished == 0 {
			continue
		}
		var points []point
		for k, q := range p.Quantiles {
			points = append(points, f.at(math.Log10(max(q, 1))/width, float64(k)/float64(len(p.Quantiles)-1)))
		}
		c.line(slices.Compact(points), 2, colour(i))
	}
	f.foot("slowdown: time from start to end, over the time alone on the fastest node")
}

// upTo are 1, 2, 5, 10, 20 … to the first that is not less than a number.
func upTo(number float64) []float64 {
	var marks []float64
	for power := 1.0; ; power *= 10 {
		for _, step := range []float64{1, 2, 5} {
			if marks = append(marks, step*power); step*power >= number {
				return marks
			}
		}
	}
}

// thinned leaves the powers of ten, if there are many marks.
func thinned(marks []float64) []float64 {
	if len(marks) <= 10 {
		return marks
	}
	return slices.DeleteFunc(slices.Clone(marks), func(m float64) bool {
		return math.Abs(math.Log10(m)-math.Round(math.Log10(m))) > 1e-9
	})
}

// crowd is how many threads have waited at once, at most.
func (r *Report) crowd() float64 {
	most := 0.0
	for _, p := range r.Policies {
		for _, n := range p.Waiting {
			most = max(most, n)
		}
	}
	return most
}

// drawWaiting has a linear scale of times, and one of threads that is linear below
// 1 and logarithmic above: many at first and few in the end are both seen.
func (r *Report) drawWaiting(c canvas, top float64) {
	height := func(n float64) float64 {
		if n <= 1 {
			return n
		}
		return 1 + math.Log10(n)
	}
	long := 1
	for _, p := range r.Policies {
		for k, n := range p.Waiting {
			if n >= 0.01 {
				long = max(long, k+1)
			}
		}
	}
	seconds := float64(long) * r.Interval
	f := chart{c, top}
	f.head("threads without a CPU of their own, in all nodes")
	marks := upTo(r.crowd())
	most := height(marks[len(marks)-1])
	f.across(0, "0")
	for _, m := range thinned(marks) {
		f.across(height(m)/most, fmt.Sprintf("%g", m))
	}
	step := upTo(seconds / 8)
	for t := 0.0; t <= seconds; t += step[len(step)-1] {
		f.down(t/seconds, fmt.Sprintf("%gs", t))
	}
	for i, p := range r.Policies {
		var points []point
		for k, n := range p.Waiting[:min(long, len(p.Waiting))] {
			points = append(points, f.at((float64(k)+0.5)/float64(long), height(n)/most))
		}
		c.line(points, 2, colour(i))
	}
	f.foot("time since the start; the mean of the runs")
}
