package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"openmosix/internal/face/hpcfs"
)

func TestHpcfsCommandLines(t *testing.T) {
	for line, want := range map[string]int{
		"openmosix hpcfs":                   ExitUsage,
		"openmosix hpcfs --json":            ExitUsage,
		"openmosix hpcfs --json /nowhere":   ExitUsage,
		"openmosix hpcfs --files /nowhere":  ExitUsage,
		"openmosix hpcfs --files --replace": ExitUsage,
		"openmosix hpcfs /nowhere":          ExitFailure,
		"openmosix hpcfs --files":           ExitOK,
		"openmosix hpcfs --files --json":    ExitOK,
	} {
		words := strings.Fields(line)
		got := run(words[0], words[1:]...)
		if got.code != want {
			t.Errorf("%s: %+v, want status %d", line, got, want)
		}
		if lines := strings.Count(got.errOut, "\n"); (want == ExitOK) != (lines == 0) || lines > 1 {
			t.Errorf("%s: %d lines on standard error:\n%s", line, lines, got.errOut)
		}
	}
}

func TestHpcfsListsItsFiles(t *testing.T) {
	var rows []hpcfs.Row
	if got := run("openmosix", "hpcfs", "--files", "--json"); json.Unmarshal([]byte(got.out), &rows) != nil || len(rows) != len(hpcfs.Table()) {
		t.Errorf("%+v", got)
	}
	if got := run("openmosix", "hpcfs", "--files"); strings.Count(got.out, "\n") != len(rows) || !strings.Contains(got.out, "proc/N/goto") {
		t.Errorf("%+v", got)
	}
}
