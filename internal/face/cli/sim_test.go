package cli

import (
	"bytes"
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"openmosix/lab/sim"
)

const tiny = `title tiny
nodes 2
jobs a arrive burst 4 at 1 life 10s mem 1M
policies stay openmosix
`

// What is computed comes as tables, as an object, and as a picture of either kind.
func TestSim(t *testing.T) {
	dir := t.TempDir()
	scenario, plot := filepath.Join(dir, "tiny.txt"), filepath.Join(dir, "tiny.")
	if err := os.WriteFile(scenario, []byte(tiny), 0o600); err != nil {
		t.Fatal(err)
	}
	got := run("sim", scenario, "--plot", plot+"png")
	if got.code != 0 || !strings.Contains(got.out, "SLOWDOWN") || !strings.Contains(got.out, "openmosix") {
		t.Errorf("%+v", got)
	}
	file, err := os.ReadFile(plot + "png")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(file)); err != nil {
		t.Error(err)
	}
	got = run("sim", scenario, "--json", "--plot", plot+"svg")
	var r sim.Report
	if err := json.Unmarshal([]byte(got.out), &r); err != nil || len(r.Policies) != 2 || len(r.Policies[0].Quantiles) != 101 || len(r.Policies[0].Waiting) < 30 {
		t.Errorf("%v: %+v", err, got)
	}
	if file, err := os.ReadFile(plot + "svg"); err != nil || !strings.HasPrefix(string(file), "<svg") {
		t.Errorf("%v: %s", err, file)
	}
	if got := run("sim", scenario, "--plot", plot+"gif"); got.code != ExitUsage || !strings.Contains(got.errOut, ".svg, .png") {
		t.Errorf("%+v", got)
	}
}
