package balance

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what is decided into the tables of testdata")

// divider is between what is known and what is decided.
const divider = "----\n"

// TestTables compares what is decided with the tables in testdata: they are the
// specification of the policy.
func TestTables(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			known, want, _ := strings.Cut(string(text), divider)
			v, started, short, err := readView(known)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			got := written(v, started, short)
			if *update {
				if err := os.WriteFile(file, []byte(known+divider+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-update writes it anew): -want +got\n%s", file, diff)
			}
		})
	}
}
