package keyfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCreateAndLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "etc", "cluster.key")
	key, err := Create(path, false)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Load(path); err != nil || got != key {
		t.Fatalf("loaded another key: %v", err)
	}
	if _, err := Create(path, false); err == nil || !strings.Contains(err.Error(), "--force") {
		t.Errorf("an existing key was replaced: %v", err)
	}
	if got, err := Load(path); err != nil || got != key {
		t.Fatalf("the refusal changed the key: %v", err)
	}
	again, err := Create(path, true)
	if err != nil || again == key {
		t.Fatalf("force: same key %v, %v", again == key, err)
	}
	left, _ := os.ReadDir(filepath.Dir(path))
	if len(left) != 1 {
		t.Errorf("%d files are left, want the key alone", len(left))
	}
}

func TestLoadRefuses(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	if _, err := Create(good, false); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, text []byte, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "absent"):   "openmosix key new",
		write("group", text, 0o640):    "chmod 600",
		write("world", text, 0o604):    "chmod 600",
		write("cut", text[:30], 0o600): "damaged",
		write("empty", nil, 0o600):     "not a cluster key",
		dir:                            "not a regular file",
	} {
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want …%s…", filepath.Base(path), err, want)
		}
	}
}
