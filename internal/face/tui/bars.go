package tui

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"openmosix/internal/node/control"
)

// Figure is what the bars show.
type Figure byte

// The figures, by the keys mosmon always had.
const (
	Load        Figure = 'l'
	LogLoad     Figure = 'L'
	Speed       Figure = 's'
	Memory      Figure = 'm'
	RawMemory   Figure = 'r'
	Utilisation Figure = 'u'
)

// Layout is how the columns are numbered, by the same keys.
type Layout byte

// The layouts.
const (
	Wide     Layout = 'w'
	Vertical Layout = 'v'
	Tight    Layout = 'V'
	Auto     Layout = 'a'
)

var headings = map[Figure]string{
	Load:        "Load",
	LogLoad:     "Load (logarithmic)",
	Speed:       "Speed",
	Memory:      "Memory in use (MiB; + can be lent)",
	RawMemory:   "Memory in use (MiB; + is free there)",
	Utilisation: "Utilisation (%)",
}

// column is one node's bar.
type column struct {
	number int
	own    bool
	dead   bool
	unsaid bool
	value  float64
	whole  float64 // up to here there is spare
	note   string  // below the number
	shut   string  // marks a node that takes no guests
}

// How a node is marked that takes no guests: at no time, or not just now.
const (
	shutMark    = "x"
	shutNowMark = "-"
)

func shutOf(n control.Node) string {
	switch {
	case !n.Accepting:
		return shutMark
	case n.Refuses != "":
		return shutNowMark
	}
	return ""
}

func columnOf(n control.Node, f Figure, unit float64) column {
	c := column{number: n.Number, own: n.Self, dead: !n.Up}
	if c.dead {
		return c
	}
	const mib = 1 << 20
	c.shut = shutOf(n)
	c.unsaid = n.Quiet && !n.Self && f != Speed
	switch f {
	case Load:
		c.value = n.Load * unit
	case LogLoad:
		c.value = math.Log2(1 + n.Load*unit)
	case Speed:
		c.value = float64(n.Speed)
		if n.CPUs > 1 {
			c.note = "x" + strconv.Itoa(n.CPUs)
		}
	case Memory:
		c.value, c.whole = float64(n.MemTotal-min(n.MemTotal, n.MemFree))/mib, float64(n.MemTotal)/mib
	case RawMemory:
		c.value, c.whole = float64(n.MemTotal-min(n.MemTotal, n.MemAvailable))/mib, float64(n.MemTotal)/mib
	case Utilisation:
		c.value = float64(n.Utilisation)
	}
	return c
}

// scale is the value at the top of the bars: at least what makes sense to compare with.
func scale(columns []column, f Figure) float64 {
	top := map[Figure]float64{Load: 1, LogLoad: 1, Speed: 1, Memory: 1, RawMemory: 1, Utilisation: 100}[f]
	for _, c := range columns {
		top = max(top, c.value, c.whole)
	}
	if f == Utilisation {
		return top
	}
	// 1, 2, 5, 10 … at or above.
	for step := math.Pow(10, math.Floor(math.Log10(top))); ; step *= 10 {
		for _, nice := range []float64{1, 1.5, 2, 3, 5, 7.5} {
			if step*nice >= top {
				return step * nice
			}
		}
	}
}

// label of a height on the axis.
func label(v float64, f Figure) string {
	switch {
	case f == LogLoad:
		return fmt.Sprintf("%.1f", math.Exp2(v)-1)
	case f == Load && v < 10:
		return fmt.Sprintf("%.2f", v)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// columnWidth of a layout: automatic takes the widest in which all have a place.
func columnWidth(l Layout, columns, width int) int {
	switch l {
	case Wide:
		return 6
	case Vertical:
		return 2
	case Tight:
		return 1
	}
	for _, w := range []int{6, 4, 2} {
		if columns*w <= width {
			return w
		}
	}
	return 1
}

const axisWidth = 8 // of the scale left of the bars

// bars draws columns into height lines of at most width cells.
func (l look) bars(columns []column, f Figure, layout Layout, width, height int) []string {
	w := columnWidth(layout, len(columns), width-axisWidth)
	if shown := max((width-axisWidth)/w, 1); len(columns) > shown {
		columns = columns[:shown]
	}
	digits := 1
	for _, c := range columns {
		digits = max(digits, len(strconv.Itoa(c.number)))
	}
	below := 1 // lines with the numbers
	if digits > w-min(w-1, 1) {
		below = digits
	}
	notes := w >= 4 && slices.ContainsFunc(columns, func(c column) bool { return c.note != "" })
	if notes {
		below++
	}
	shut := slices.ContainsFunc(columns, func(c column) bool { return c.shut != "" })
	if shut {
		below++
	}
	rows := max(height-below-1, 1)
	top := scale(columns, f)
	lines := make([]string, 0, height)
	for row := rows; row >= 1; row-- {
		axis := strings.Repeat(" ", axisWidth-1)
		if row == rows || row == rows/2 {
			axis = fmt.Sprintf("%*s", axisWidth-1, label(top*float64(row)/float64(rows), f))
		}
		line := axis + "|"
		for _, c := range columns {
			line += l.cell(c, f, top, row, rows, w)
		}
		lines = append(lines, line)
	}
	lines = append(lines, strings.Repeat(" ", axisWidth-1)+"+"+strings.Repeat("-", len(columns)*w))
	lines = append(lines, l.numbers(columns, w, digits, notes)...)
	if shut {
		lines = append(lines, l.marks(columns, w))
	}
	return lines
}

// marks is the line that tells of nodes that take no guests.
func (l look) marks(columns []column, w int) string {
	body := max(w-1, 1)
	line := ""
	for _, c := range columns {
		line += fit(strings.Repeat(" ", (body-1)/2)+c.shut, w)
	}
	return strings.Repeat(" ", axisWidth) + l.warm.Render(line)
}

// cell is what is at one height of one column.
func (l look) cell(c column, f Figure, top float64, row, rows, w int) string {
	body := max(w-1, 1)
	pad := strings.Repeat(" ", w-body)
	word := ""
	if c.dead {
		word = "DEAD"
	} else if c.unsaid {
		word = "QUIET"
	}
	if word != "" {
		text := " "
		if at := len(word) - row; at >= 0 && row <= rows {
			text = string(word[at])
		}
		return l.bad.Render(fit(strings.Repeat(" ", (body-1)/2)+text, body)) + pad
	}
	parts := len(l.blocks) - 1
	filled := c.value/top*float64(rows*parts) - float64((row-1)*parts)
	n := int(math.Round(min(max(filled, 0), float64(parts))))
	if row == 1 && n == 0 && c.value > 0 && parts > 1 {
		n = 1 // something is not nothing
	}
	if n == 0 {
		if c.whole/top*float64(rows) >= float64(row)-0.5 {
			return l.dim.Render(strings.Repeat(l.spare, body)) + pad
		}
		return strings.Repeat(" ", w)
	}
	return l.heat(c, f).Render(strings.Repeat(l.blocks[n], body)) + pad
}

// numbers are the lines below the bars.
func (l look) numbers(columns []column, w, digits int, notes bool) []string {
	body := max(w-1, 1)
	margin := strings.Repeat(" ", axisWidth)
	style := func(c column, text string) string {
		if c.own {
			return l.title.Underline(true).Render(text)
		}
		return text
	}
	var lines []string
	if digits <= body {
		line := margin
		for _, c := range columns {
			text := strconv.Itoa(c.number)
			line += strings.Repeat(" ", (body-len(text))/2) + style(c, text) + strings.Repeat(" ", w-len(text)-(body-len(text))/2)
		}
		lines = append(lines, line)
	} else {
		for i := range digits { // a digit on each line, as books do
			line := margin
			for _, c := range columns {
				line += style(c, string(fmt.Sprintf("%*d", digits, c.number)[i])) + strings.Repeat(" ", w-1)
			}
			lines = append(lines, line)
		}
	}
	if notes {
		line := margin
		for _, c := range columns {
			line += fit(c.note, w)
		}
		lines = append(lines, line)
	}
	return lines
}
