package zoo

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Expectation is what a program says will happen when it is moved.
type Expectation string

const (
	// Moves is the rule: every move succeeds, and the process stays away until it is fetched.
	Moves Expectation = "moves"
	// ComesHome may come home by itself, and be kept there for a while.
	ComesHome Expectation = "comes-home"
	// IsRefused cannot be moved at all; Program.Code says how that is told.
	IsRefused Expectation = "refused"
)

// Program is one program of the zoo as its head comment describes it.
type Program struct {
	Name     string
	Source   string // a C file, a Python file or the directory of a Go program
	Property string // the first line of the head comment
	Flags    []string
	Expect   Expectation
	Code     string // with IsRefused: the word of migrate's exit status
	NeedRoot bool
	Quick    bool // part of the short run
	// Open says what does not work yet (or not always) when the program is
	// moved. It is run natively all the same, moved with -open, and listed in
	// docs/health.md.
	Open string
}

// Programs reads the heads of all programs in a directory.
func Programs(dir string) ([]Program, error) {
	var all []Program
	for _, pattern := range []string{"*.c", "*.py", "*/main.go"} {
		paths, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, fmt.Errorf("list programs: %w", err)
		}
		for _, path := range paths {
			p, err := read(path)
			if err != nil {
				return nil, err
			}
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b Program) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func read(path string) (Program, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Program{}, fmt.Errorf("read program: %w", err)
	}
	p := Program{Source: path, Expect: Moves}
	p.Name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	if filepath.Ext(path) == ".go" {
		p.Source = filepath.Dir(path)
		p.Name = filepath.Base(p.Source)
		p.Quick = true
	}
	for s := bufio.NewScanner(bytes.NewReader(text)); s.Scan(); {
		line := s.Text()
		if strings.HasPrefix(line, "#!") {
			continue
		}
		comment, ok := strings.CutPrefix(strings.TrimPrefix(line, "#"), "// ")
		if !ok {
			comment, ok = strings.CutPrefix(line, "# ")
		}
		if !ok {
			break
		}
		if err := p.note(comment); err != nil {
			return Program{}, fmt.Errorf("%s: %w", path, err)
		}
	}
	if p.Property == "" {
		return Program{}, fmt.Errorf("%s: the head comment must say the property", path)
	}
	return p, nil
}

// note takes in one line of a head comment.
func (p *Program) note(line string) error {
	word, rest, _ := strings.Cut(line, ":")
	value := strings.Fields(rest)
	switch {
	case line == "quick":
		p.Quick = true
	case word == "build":
		p.Flags = value
	case word == "open" && rest != "":
		p.Open = strings.TrimSpace(rest)
	case word == "needs" && rest == " root":
		p.NeedRoot = true
	case word == "expect" && len(value) > 0:
		p.Expect = Expectation(value[0])
		if len(value) > 1 {
			p.Code = value[1]
		}
		known := p.Expect == Moves || p.Expect == ComesHome || p.Expect == IsRefused
		if !known || (p.Expect == IsRefused) != (p.Code != "") {
			return fmt.Errorf("%q is no expectation", line)
		}
	case p.Property == "":
		p.Property = line
	}
	return nil
}
