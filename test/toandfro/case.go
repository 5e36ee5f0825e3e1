package toandfro

import (
	"fmt"
	"os"
	"os/exec"
	"time"
)

// Case is one program with its input.
type Case struct {
	Name string
	// Argv is run in a fresh directory. $CASES in it is the directory of the
	// scripts, and is in the environment too. A script that names processes in
	// the file $TARGETS, one pid in a line, has these moved instead of itself.
	Argv []string
	// Setup is a line of shell run before, in the same directory, never moved.
	Setup string
	// Needs are commands and files it cannot do without, Packages the Debian
	// packages that have them.
	Needs, Packages []string
	// Tree moves descendants too, each for itself, chosen at random.
	Tree bool
	// MayStay allows that nothing moves: what it does keeps it at home.
	MayStay bool
	// Ignore are file names (globs) that differ from run to run.
	Ignore []string
	// Quick is part of the short run.
	Quick bool
	// Limit bounds one run.
	Limit time.Duration
}

const usualLimit = 90 * time.Second

func (c Case) limit() time.Duration {
	if c.Limit != 0 {
		return c.Limit
	}
	return usualLimit
}

// lacking says what of its needs this machine does not have, or nothing.
func (c Case) lacking() string {
	for _, need := range c.Needs {
		if need[0] == '/' {
			if _, err := os.Stat(need); err == nil {
				continue
			}
		} else if _, err := exec.LookPath(need); err == nil {
			continue
		}
		return fmt.Sprintf("%s is not here; Debian has it in %v", need, c.Packages)
	}
	return ""
}
