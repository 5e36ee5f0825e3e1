package soak

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// tally counts what has happened.
type tally struct {
	began   time.Time
	fates   map[string]*[3]int // by kind of program
	happens map[string]int     // by what was done to nodes and programs
}

func newTally() *tally {
	return &tally{began: time.Now(), fates: map[string]*[3]int{}, happens: map[string]int{}}
}

func (t *tally) ended(kind string, f fate) {
	if t.fates[kind] == nil {
		t.fates[kind] = &[3]int{}
	}
	t.fates[kind][f]++
}

// sum of the fates of all kinds.
func (t *tally) sum() (all [3]int) {
	for _, f := range t.fates {
		for i, n := range f {
			all[i] += n
		}
	}
	return all
}

// line is how it goes, in one.
func (t *tally) line(running, moves int) string {
	s := t.sum()
	var words []string
	for _, what := range slices.Sorted(maps.Keys(t.happens)) {
		words = append(words, fmt.Sprintf("%d %s", t.happens[what], what))
	}
	return fmt.Sprintf("%5.0f s: %d right, %d lost with a node, %d wrong, %d running; %d moves; %s",
		time.Since(t.began).Seconds(), s[right], s[lost], s[wrong], running, moves, strings.Join(words, ", "))
}

// kinds is a line for each kind of program.
func (t *tally) kinds() string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(t.fates)) {
		f := t.fates[k]
		fmt.Fprintf(&b, "\n%-16s %4d right %4d lost with a node %4d wrong", k, f[right], f[lost], f[wrong])
	}
	return b.String()
}
