package toandfro

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// outcome is all that is compared of a run.
type outcome struct {
	stdout, stderr []byte
	status         string
	files          map[string]string // path: what is there
}

// snapshot describes every file below a directory.
func snapshot(dir string, ignore []string) (map[string]string, error) {
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		for _, pattern := range ignore {
			if ok, _ := filepath.Match(pattern, d.Name()); !ok {
				continue
			}
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		name, _ := filepath.Rel(dir, path)
		info, err := d.Info()
		if err != nil {
			return err
		}
		what := info.Mode().String()
		switch {
		case d.Type().IsRegular():
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			what += fmt.Sprintf(" %d bytes, %x", len(text), sha256.Sum256(text))
		case d.Type()&fs.ModeSymlink != 0:
			to, err := os.Readlink(path)
			if err != nil {
				return err
			}
			what += " to " + to
		}
		files[name] = what
		return nil
	})
	return files, err
}

// compare reports every difference between two outcomes.
func compare(t *testing.T, want, got outcome) {
	t.Helper()
	if want.status != got.status {
		t.Errorf("exit status: %s at first, then %s", want.status, got.status)
	}
	compareText(t, "stdout", want.stdout, got.stdout)
	compareText(t, "stderr", want.stderr, got.stderr)
	names := make(map[string]bool)
	for name := range want.files {
		names[name] = true
	}
	for name := range got.files {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if w, g := want.files[name], got.files[name]; w != g {
			t.Errorf("file %s: %q at first, then %q", name, w, g)
		}
	}
}

// compareText shows the first line that differs, with what comes after it.
func compareText(t *testing.T, name string, want, got []byte) {
	t.Helper()
	if bytes.Equal(want, got) {
		return
	}
	w, g := strings.Split(string(want), "\n"), strings.Split(string(got), "\n")
	line := 0
	for line < len(w) && line < len(g) && w[line] == g[line] {
		line++
	}
	from := func(lines []string) string {
		end := min(line+8, len(lines))
		return strings.Join(lines[min(line, end):end], "\n")
	}
	t.Errorf("%s differs from line %d on; at first:\n%s\nthen:\n%s", name, line+1, from(w), from(g))
}
