package cgroup

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMemoryLimits(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"two/a/memory.max": "1000\n", "two/a/memory.current": "900\n", "two/a/memory.stat": "anon 1\ninactive_file 300\nactive_file 7\n",
		"two/a/b/memory.max": "700\n", "two/a/b/memory.current": "100\n",
		"two/a/free/memory.max": "max\n", "two/a/free/memory.current": "100\n",
		"two/over/memory.max": "100\n", "two/over/memory.current": "150\n", "two/over/memory.stat": "inactive_file x\n",
		"one/memory.limit_in_bytes": "9223372036854771712\n", "one/memory.usage_in_bytes": "5000\n",
		"one/box/memory.limit_in_bytes": "2000\n", "one/box/memory.usage_in_bytes": "1500\n",
		"one/box/memory.stat":                "inactive_file 1\ntotal_inactive_file 200\n",
		"one/box/in/memory.limit_in_bytes":   "9223372036854771712\n",
		"one/box/in/memory.usage_in_bytes":   "10\n",
		"one/box/less/memory.limit_in_bytes": "400\n", "one/box/less/memory.usage_in_bytes": "390\n", "one/box/less/memory.stat": "",
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	two := func(own string) Hierarchy {
		return Hierarchy{Mount: filepath.Join(root, "two"), Own: own, Unified: true, Controllers: []Controller{Memory}}
	}
	one := func(own string) Hierarchy {
		return Hierarchy{Mount: filepath.Join(root, "one"), Own: own, Controllers: []Controller{Memory}}
	}
	for _, c := range []struct {
		name string
		all  []Hierarchy
		want MemoryLimit
	}{
		{"a limit", []Hierarchy{two("/a")}, MemoryLimit{1000, 400}},
		{"the group above has less left", []Hierarchy{two("/a/b")}, MemoryLimit{700, 400}},
		{"only the one above is limited", []Hierarchy{two("/a/free/deeper")}, MemoryLimit{1000, 400}},
		{"more in use than allowed", []Hierarchy{two("/over")}, MemoryLimit{100, 0}},
		{"the top of version 2", []Hierarchy{two("/")}, Unlimited},
		{"a group that is gone", []Hierarchy{two("/gone")}, Unlimited},
		{"version 1", []Hierarchy{one("/box")}, MemoryLimit{2000, 700}},
		{"version 1, no limit of its own", []Hierarchy{one("/box/in")}, MemoryLimit{2000, 700}},
		{"version 1, less of its own", []Hierarchy{one("/box/less")}, MemoryLimit{400, 10}},
		{"version 1, no limit", []Hierarchy{one("/")}, Unlimited},
		{"both versions", []Hierarchy{one("/box"), two("/a/b")}, MemoryLimit{700, 400}},
		{"a hierarchy without memory", []Hierarchy{{Mount: filepath.Join(root, "one"), Own: "/box", Controllers: []Controller{CPU}}}, Unlimited},
	} {
		if got := memoryIn(c.all); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	if l := new(Own).Memory(); l.Left > l.Total {
		t.Errorf("%+v", l)
	}
}
