package zoo

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"testing"
)

var (
	openToo = flag.Bool("open", false, "move the programs of which something is open, too")
	update  = flag.Bool("update", false, "write docs/health.md anew")
)

const healthFile = "../../docs/health.md"

// TestHealthIsTold keeps docs/health.md what the heads of the programs say.
func TestHealthIsTold(t *testing.T) {
	var text bytes.Buffer
	all := programs(t)
	open := 0
	for _, p := range all {
		if p.Open != "" {
			open++
		}
	}
	fmt.Fprintf(&text, "# What does not work yet\n\n")
	fmt.Fprintf(&text, "Generated from the heads of the programs in test/zoo by `go test ./test/zoo -run Health -update`. Each program checks one\n")
	fmt.Fprintf(&text, "property of a process while it is moved out, onward and home. Of %d, %d have something open:\n\n", len(all), open)
	fmt.Fprintf(&text, "| program | property | open |\n|---|---|---|\n")
	for _, p := range all {
		if p.Open != "" {
			fmt.Fprintf(&text, "| %s | %s | %s |\n", p.Name, p.Property, p.Open)
		}
	}
	if *update {
		if err := os.WriteFile(healthFile, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(healthFile)
	if err != nil || !bytes.Equal(have, text.Bytes()) {
		t.Errorf("docs/health.md is not what the programs say (%v): run this test with -update", err)
	}
}
