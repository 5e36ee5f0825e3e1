package hpcfs

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../cli/openmosix-hpcfs.8")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The manual page has every row of the table, in its order and word by word.
func TestPageHasTheTable(t *testing.T) {
	rest := page(t)
	for _, row := range Table() {
		mode := ""
		if row.Read {
			mode = "r"
		}
		if row.Write {
			mode += "w"
		}
		want := strings.ReplaceAll(fmt.Sprintf("\n.TP\n.BR %s \" (%s)\"\n%s\n", row.Path, mode, row.About), "-", `\-`)
		_, after, found := strings.Cut(rest, want)
		if !found {
			t.Errorf("the page does not have (or not in this order)%s", want)
			continue
		}
		rest = "\n" + after
	}
	if n := strings.Count(page(t), "\n.BR admin/") + strings.Count(page(t), "\n.BR proc/"); n != len(filesIn(admin))+len(filesIn(process)) {
		t.Errorf("the page has %d files of admin and proc, which is more than the table", n)
	}
}

func TestPageHasTheErrors(t *testing.T) {
	text := page(t)
	for code, errno := range errnoOfCode {
		if !strings.Contains(text, "\n.B "+unix.ErrnoName(errno)+"\n") {
			t.Errorf("the page does not explain %s (%s)", unix.ErrnoName(errno), code)
		}
	}
}

// Every row is complete, and its mode says what it can do.
func TestTable(t *testing.T) {
	seen := make(map[string]bool)
	for _, f := range table {
		if path := f.path(1); seen[path] || f.about == "" || !strings.Contains(path, "/") {
			t.Errorf("%s is there twice, or lacks something", path)
		}
		seen[f.path(1)] = true
		if (f.mode&0o400 != 0) != (f.read != nil) || (f.mode&0o200 != 0) != (f.write != nil) {
			t.Errorf("%s: mode %o, read %v, write %v", f.name, f.mode, f.read != nil, f.write != nil)
		}
	}
}
