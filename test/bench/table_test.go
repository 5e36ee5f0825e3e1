package bench

import (
	"fmt"
	"strings"
)

// table is what goes into docs/BENCHMARKS.md.
type table struct {
	title string
	text  strings.Builder
}

func newTable(title string, columns ...string) *table {
	t := &table{title: title}
	t.row(columns...)
	t.text.WriteString(strings.Repeat("|---", len(columns)) + "|\n")
	return t
}

func (t *table) row(cells ...string) {
	t.text.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func (t *table) print() { fmt.Printf("\n%s\n\n%s\n", t.title, t.text.String()) }

// format is a median with the least and the most, by a verb for one number.
func format(verb string, v []float64) string {
	m, least, most := spread(v)
	return fmt.Sprintf(verb+" ("+verb+" to "+verb+")", m, least, most)
}

// byRound is the ratio of each round's two figures.
func byRound(a, b []float64) []float64 {
	r := make([]float64, len(a))
	for i := range a {
		r[i] = a[i] / b[i]
	}
	return r
}
