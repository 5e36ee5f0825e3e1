package sim

import (
	"fmt"
	"html"
	"image/color"
	"io"
	"strings"
)

// canvas is what a plot is drawn on. Lengths are in pixels of a picture that is
// shown as large as it is; the origin is its upper left corner.
type canvas interface {
	rect(x, y, width, height float64, fill color.RGBA)
	// line goes through all points.
	line(points []point, width float64, stroke color.RGBA)
	// text stands on the line y, and begins, ends or has its middle at x.
	text(x, y float64, at anchor, size float64, words string)
	write(w io.Writer) error
}

type point struct{ x, y float64 }

type anchor string

const (
	begins anchor = "start"
	middle anchor = "middle"
	ends   anchor = "end"
)

// The colours of what is not a policy.
var (
	white = color.RGBA{0xff, 0xff, 0xff, 0xff}
	ink   = color.RGBA{0x22, 0x22, 0x22, 0xff}
	grid  = color.RGBA{0xdd, 0xdd, 0xdd, 0xff}
)

// vectors is a canvas that becomes an SVG picture.
type vectors struct{ b strings.Builder }

func newVectors(width, height float64) canvas {
	v := &vectors{}
	fmt.Fprintf(&v.b, `<svg xmlns="http://www.w3.org/2000/svg" width="%g" height="%g" viewBox="0 0 %g %g" font-family="sans-serif">`+"\n", width, height, width, height)
	v.rect(0, 0, width, height, white)
	return v
}

func hex(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

func (v *vectors) rect(x, y, width, height float64, fill color.RGBA) {
	fmt.Fprintf(&v.b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", x, y, width, height, hex(fill))
}

func (v *vectors) line(points []point, width float64, stroke color.RGBA) {
	v.b.WriteString(`<polyline points="`)
	for i, p := range points {
		if i > 0 {
			v.b.WriteByte(' ')
		}
		fmt.Fprintf(&v.b, "%.1f,%.1f", p.x, p.y)
	}
	fmt.Fprintf(&v.b, `" fill="none" stroke="%s" stroke-width="%g" stroke-linejoin="round"/>`+"\n", hex(stroke), width)
}

func (v *vectors) text(x, y float64, at anchor, size float64, words string) {
	fmt.Fprintf(&v.b, `<text x="%.1f" y="%.1f" text-anchor="%s" font-size="%g" fill="%s">%s</text>`+"\n", x, y, at, size, hex(ink), html.EscapeString(words))
}

func (v *vectors) write(w io.Writer) error {
	_, err := io.WriteString(w, v.b.String()+"</svg>\n")
	return err
}
