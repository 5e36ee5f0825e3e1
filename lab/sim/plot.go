package sim

import (
	"fmt"
	"html"
	"io"
	"math"
	"slices"
	"strings"
)

// Size of a plot and of its parts, in pixels.
const (
	plotWidth  = 860
	plotLeft   = 170
	barHeight  = 26
	barGap     = 12
	curveTop   = 60 // below the bars
	curveSize  = 260
	plotMargin = 24
)

// colours of the policies, told apart also by those who see no red or green.
var colours = []string{"#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999"}

// Plot writes an SVG picture: the mean slowdown of each policy as bars, and how
// large a share of the jobs has at most which slowdown, as curves.
func (r *Report) Plot(w io.Writer) error {
	var b strings.Builder
	bars := plotMargin + 34
	curves := bars + len(r.Policies)*(barHeight+barGap) + curveTop
	height := curves + curveSize + 60
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="13">`+"\n", plotWidth, height)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" fill="white"/>`+"\n")
	text(&b, plotMargin, plotMargin+4, "start", 16, r.Title)
	text(&b, plotMargin, plotMargin+24, "start", 12, fmt.Sprintf("mean slowdown; %d nodes, %d runs, seed %d", r.Nodes, r.Runs, r.Seed))
	r.drawBars(&b, bars)
	r.drawCurves(&b, curves)
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func text(b *strings.Builder, x, y int, anchor string, size int, words string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="%s" font-size="%d" fill="#222">%s</text>`+"\n", x, y, anchor, size, html.EscapeString(words))
}

func (r *Report) drawBars(b *strings.Builder, top int) {
	most := 0.0
	for _, p := range r.Policies {
		most = max(most, p.Slowdown)
	}
	for i, p := range r.Policies {
		y := top + i*(barHeight+barGap) + 10
		long := share(p.Slowdown, most) * (plotWidth - plotLeft - 110)
		text(b, plotLeft-10, y+18, "end", 13, p.Policy)
		fmt.Fprintf(b, `<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>`+"\n", plotLeft, y, long, barHeight, colours[i%len(colours)])
		text(b, plotLeft+int(long)+8, y+18, "start", 13, fmt.Sprintf("%.2f ± %.2f", p.Slowdown, p.Error))
	}
}

// drawCurves has a logarithmic scale of slowdowns.
func (r *Report) drawCurves(b *strings.Builder, top int) {
	most := 10.0
	for _, p := range r.Policies {
		for _, q := range p.quantiles {
			most = max(most, q)
		}
	}
	decades := math.Ceil(math.Log10(most))
	width := float64(plotWidth - plotLeft - 2*plotMargin)
	x := func(slowdown float64) float64 {
		return plotLeft + width*math.Log10(max(slowdown, 1))/decades
	}
	y := func(share float64) float64 { return float64(top) + curveSize*(1-share) }
	text(b, plotMargin, top-16, "start", 12, "share of jobs with at most this slowdown")
	for d := 0.0; d <= decades; d++ {
		at := x(math.Pow(10, d))
		fmt.Fprintf(b, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#ddd"/>`+"\n", at, top, at, top+curveSize)
		text(b, int(at), top+curveSize+18, "middle", 12, fmt.Sprintf("%g", math.Pow(10, d)))
	}
	for s := 0.0; s <= 1; s += 0.25 {
		fmt.Fprintf(b, `<line x1="%d" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#ddd"/>`+"\n", plotLeft, y(s), plotLeft+width, y(s))
		text(b, plotLeft-10, int(y(s))+4, "end", 12, fmt.Sprintf("%g%%", s*100))
	}
	for i, p := range r.Policies {
		var points []string
		for k, q := range p.quantiles {
			points = append(points, fmt.Sprintf("%.1f,%.1f", x(q), y(float64(k)/float64(len(p.quantiles)-1))))
		}
		fmt.Fprintf(b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", strings.Join(slices.Compact(points), " "), colours[i%len(colours)])
	}
	text(b, plotLeft+int(width)/2, top+curveSize+40, "middle", 12, "slowdown: time from start to end, over the time alone on the fastest node")
}
