package main

import (
	"context"
	"fmt"
	"strings"
)

// mostAgain is how many tests may be tried a second time: more have a cause in common.
const mostAgain = 4

// secondChance runs the few tests of a step that failed once more, each alone
// and as the step runs them. The machine is shared, and what waits for another
// process has its limits of time; what fails twice has failed, and a data race
// is one however seldom it shows. Every second attempt is printed: none passes
// unseen.
func (t *tally) secondChance(ctx context.Context, s step) {
	leaves := leaves(t.failures)
	if len(leaves) == 0 || len(leaves) > mostAgain || t.races {
		return
	}
	for _, f := range leaves {
		argv := goTest("6m", append(s.flags(), "-run", pattern(f.test), f.pkg)...)
		got := step{name: "again", argv: argv, env: s.env, tests: true}.run(ctx)
		if got.failed > 0 || got.passed == 0 {
			fmt.Printf("again %s %s: failed at the second attempt, too\n", f.pkg, f.test)
			return
		}
		fmt.Printf("again %s %s: passed at the second attempt\n", f.pkg, f.test)
	}
	t.passed += len(t.failures)
	t.failed -= len(t.failures)
}

// flags are those of the step that bear on a single test of it as well.
func (s step) flags() []string {
	var some []string
	for _, arg := range s.argv {
		if arg == "-race" || arg == "-short" {
			some = append(some, arg)
		}
	}
	return some
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
