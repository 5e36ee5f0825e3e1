package main

import (
	"fmt"
	"os"
	"strings"
)

// mostAgain is how many tests may be tried a second time: more have a cause in common.
const mostAgain = 4

// secondChance runs the few tests of real programs that failed once more, each
// alone. The machine is shared and a move has its limits of time; what fails
// twice has failed. Every second attempt is printed: none passes unseen.
func (t *tally) secondChance(interrupted <-chan os.Signal) {
	leaves := leaves(t.failures)
	if len(leaves) == 0 || len(leaves) > mostAgain {
		return
	}
	for _, f := range leaves {
		argv := goTest("6m", "-short", "-run", pattern(f.test), f.pkg)
		got := step{name: "again", argv: argv, tests: true}.run(interrupted)
		if got.failed > 0 || got.passed == 0 {
			fmt.Printf("again %s %s: failed at the second attempt, too\n", f.pkg, f.test)
			return
		}
		fmt.Printf("again %s %s: passed at the second attempt\n", f.pkg, f.test)
	}
	t.passed += len(t.failures)
	t.failed -= len(t.failures)
}

// leaves are the failures that no other failure is part of.
func leaves(all []failure) []failure {
	var out []failure
next:
	for _, f := range all {
		for _, g := range all {
			if g.pkg == f.pkg && (f.test == "" && g.test != "" || strings.HasPrefix(g.test, f.test+"/")) {
				continue next
			}
		}
		if f.test == "" {
			return nil // the package itself: it did not build, or panicked
		}
		out = append(out, f)
	}
	return out
}

// pattern selects exactly one test, or subtest.
func pattern(test string) string {
	parts := strings.Split(test, "/")
	for i, p := range parts {
		parts[i] = "^" + p + "$"
	}
	return strings.Join(parts, "/")
}
