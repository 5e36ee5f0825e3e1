package memlimit

import (
	"os"
	"path/filepath"
	"testing"
)

func TestLimits(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"a/memory.max": "1000\n", "a/memory.current": "900\n", "a/memory.stat": "anon 1\ninactive_file 300\nactive_file 7\n",
		"a/b/memory.max": "700\n", "a/b/memory.current": "100\n",
		"a/free/memory.max": "max\n", "a/free/memory.current": "100\n",
		"over/memory.max": "100\n", "over/memory.current": "150\n", "over/memory.stat": "inactive_file x\n",
		"other/memory.max": "5\n", "other/memory.current": "5\n",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for membership, want := range map[string]Limit{
		"0::/a\n":                         {1000, 400},
		"0::/a/b\n":                       {700, 400}, // the group above has less left
		"0::/a/free/deeper\n":             {1000, 400},
		"0::/over\n":                      {100, 0},
		"0::/\n":                          None,
		"0::/gone\n":                      None,
		"0::/../../other\n":               None,
		"":                                None,
		"4:memory:/a\n":                   None,
		"4:memory:/over\n0::/a/b/c/d\n\n": {700, 400},
	} {
		if got := read(root, []byte(membership)); got != want {
			t.Errorf("%q: %+v, want %+v", membership, got, want)
		}
	}
	if l := Read(); l.Left > l.Total {
		t.Errorf("%+v", l)
	}
}

func FuzzMembership(f *testing.F) {
	f.Add([]byte("0::/a/b\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if group, found := groupOf(b); found && !filepath.IsAbs(group) {
			t.Errorf("%q", group)
		}
	})
}
