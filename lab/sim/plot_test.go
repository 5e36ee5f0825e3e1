package sim

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"
)

// drawn is a report of two policies, of which the first has twice the slowdown,
// and one under which no job has ended.
func drawn() *Report {
	quantiles := func(most float64) []float64 {
		q := make([]float64, 101)
		for i := range q {
			q[i] = 1 + (most-1)*float64(i)/100
		}
		return q
	}
	return &Report{Title: "a < b", Nodes: 3, Runs: 2, Seed: 7, Interval: 1, Policies: []Result{
		{Policy: "first", Slowdown: 8, Finished: 5, Quantiles: quantiles(30), Waiting: []float64{0, 40, 20, 10, 0}},
		{Policy: "second", Slowdown: 4, Finished: 5, Quantiles: quantiles(10), Waiting: []float64{0, 40, 5}},
		{Policy: "third", Quantiles: make([]float64, 101), Waiting: []float64{3, 2}},
	}}
}

func plotted(t *testing.T, r *Report, format string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := r.Plot(&b, format); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPlotAsVectors(t *testing.T) {
	text := plotted(t, drawn(), ".svg")
	lines, rects, words := map[string]int{}, map[string]string{}, ""
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("this is no XML: %v", err)
		}
		switch e := token.(type) {
		case xml.CharData:
			words += string(e) + "\n"
		case xml.StartElement:
			attrs := map[string]string{}
			for _, a := range e.Attr {
				attrs[a.Name.Local] = a.Value
			}
			if e.Name.Local == "polyline" {
				lines[attrs["stroke"]]++
			} else if e.Name.Local == "rect" {
				rects[attrs["fill"]] = attrs["width"]
			}
		}
	}
	first, second, third := hex(colour(0)), hex(colour(1)), hex(colour(2))
	if lines[first] != 2 || lines[second] != 2 || lines[third] != 1 {
		t.Errorf("curves by colour: %v", lines)
	}
	if rects[first] != "560.0" || rects[second] != "280.0" || rects[third] != "" {
		t.Errorf("bars by colour: %v", rects)
	}
	for _, want := range []string{"a < b", "first", "8.00", "no job has ended", "3 nodes, 2 runs, seed 7", "50%", "20"} {
		if !strings.Contains(words, want) {
			t.Errorf("%q is not in it: %s", want, words)
		}
	}
}

func TestPlotAsDots(t *testing.T) {
	picture, err := png.Decode(bytes.NewReader(plotted(t, drawn(), ".png")))
	if err != nil {
		t.Fatal(err)
	}
	size := picture.Bounds()
	if size.Dx() != plotWidth*finer {
		t.Errorf("%v", size)
	}
	// In the middle of a bar its colour is as long as the bar is.
	bar := func(i int) float64 {
		y := int((headHeight + float64(i)*(barHeight+barGap) + barHeight/2) * finer)
		long := 0
		for x := range size.Dx() {
			if same(picture.At(x, y), colour(i)) {
				long++
			}
		}
		return float64(long) / finer
	}
	if a, b, none := bar(0), bar(1), bar(2); math.Abs(a-560) > 1 || math.Abs(b-280) > 1 || none != 0 {
		t.Errorf("bars of %v, %v and %v pixels", a, b, none)
	}
	// The curves, and the words.
	under := image.Rect(0, int((headHeight+3*(barHeight+barGap))*finer), size.Dx(), size.Dy())
	for _, c := range []color.RGBA{colour(0), colour(1), colour(2), ink, grid} {
		n := 0
		for y := under.Min.Y; y < under.Max.Y; y++ {
			for x := under.Min.X; x < under.Max.X; x++ {
				if same(picture.At(x, y), c) {
					n++
				}
			}
		}
		if n < 50 {
			t.Errorf("%d dots are %s", n, hex(c))
		}
	}
}

func same(a, b color.Color) bool {
	r, g, bl, _ := a.RGBA()
	r2, g2, b2, _ := b.RGBA()
	return r == r2 && g == g2 && bl == b2
}

func TestPlotRefusesOtherFormats(t *testing.T) {
	if err := drawn().Plot(io.Discard, ".gif"); err == nil || !strings.Contains(err.Error(), ".svg, .png") {
		t.Error(err)
	}
}

func TestMarks(t *testing.T) {
	for most, want := range map[float64]int{1: 1, 1.5: 2, 2: 2, 9: 4, 100: 7, 101: 8} {
		if got := upTo(most); len(got) != want || got[len(got)-1] < most {
			t.Errorf("%v: %v", most, got)
		}
	}
}
