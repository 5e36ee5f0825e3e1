package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// tally counts outcomes.
type tally struct {
	passed, failed, skipped int
	lines                   int // of plain output
	talks                   bool
	failures                []failure
	races                   bool // the race detector found something
}

// failure is a test that failed; its parents are failures of their own.
type failure struct{ pkg, test string }

// event is one line of go test -json (see go doc test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string
	Test       string
	Output     string
	Elapsed    float64
}

// readEvents counts the tests of a run and prints what failed, with its output,
// and why something was skipped.
func (t *tally) readEvents(r io.Reader, w io.Writer) {
	said := map[string][]string{}
	failedIn := map[string]int{}
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var e event
		if json.Unmarshal(line, &e) != nil {
			w.Write(line) // not an event: something went wrong before the tests
			continue
		}
		where := e.Package + " " + e.Test
		switch e.Action {
		case "output":
			said[where] = append(said[where], e.Output)
			if t.talks {
				fmt.Fprint(w, e.Output)
			}
			t.races = t.races || strings.HasPrefix(e.Output, "WARNING: DATA RACE")
		case "build-output":
			fmt.Fprint(w, e.Output)
		case "pass":
			if e.Test != "" {
				t.passed++
			} else {
				fmt.Fprintf(w, "ok    %s  %.1f s\n", e.Package, e.Elapsed)
			}
			delete(said, where)
		case "skip":
			if e.Test != "" {
				t.skipped++
				fmt.Fprintf(w, "skip  %s: %s\n", where, reason(said[where]))
			}
			delete(said, where)
		case "fail":
			// A package fails with its tests; it counts when none of them did
			// (it did not build, it panicked, its TestMain found something).
			if e.Test != "" || failedIn[e.Package] == 0 {
				t.failed++
				failedIn[e.Package]++
				t.failures = append(t.failures, failure{e.Package, e.Test})
				fmt.Fprintf(w, "FAIL  %s\n%s", where, strings.Join(said[where], ""))
			}
			delete(said, where)
			if e.Test == "" {
				unfinished(said, e.Package, w)
			}
		}
	}
}

// unfinished prints what the tests of a package said that has ended without telling how they went: what
// a panic says, of whatever goroutine, is said by the test that was running.
func unfinished(said map[string][]string, pkg string, w io.Writer) {
	for _, where := range slices.Sorted(maps.Keys(said)) {
		if strings.HasPrefix(where, pkg+" ") {
			fmt.Fprintf(w, "not ended: %s\n%s", where, strings.Join(said[where], ""))
			delete(said, where)
		}
	}
}

// reason is the last thing a skipped test said, on one line.
func reason(output []string) string {
	for i := len(output) - 1; i >= 0; i-- {
		if text := strings.TrimSpace(output[i]); text != "" && !strings.HasPrefix(text, "---") && !strings.HasPrefix(text, "===") {
			return text
		}
	}
	return "no reason given"
}

// readPlain passes output on.
func (t *tally) readPlain(r io.Reader, w io.Writer) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		t.lines++
		fmt.Fprintln(w, lines.Text())
	}
	_, _ = io.Copy(io.Discard, r)
}
