package keyfile

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestCreateAndLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "etc", "cluster.key")
	key, err := Create(path, false)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Load(path); err != nil || len(got) != 1 || got[0].Key != key {
		t.Fatalf("loaded another key: %v", err)
	}
	if _, err := Create(path, false); err == nil || !strings.Contains(err.Error(), "--force") {
		t.Errorf("an existing key was replaced: %v", err)
	}
	if got, err := Load(path); err != nil || len(got) != 1 || got[0].Key != key {
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
	pipe, strange := filepath.Join(dir, "pipe"), write("strange", text, 0o600)
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{
		filepath.Join(dir, "absent"):   "openmosix key new",
		write("group", text, 0o640):    "chmod 600",
		write("world", text, 0o604):    "chmod 600",
		write("cut", text[:30], 0o600): "damaged",
		write("empty", nil, 0o600):     "no cluster key in it",
		dir:                            "not a regular file",
		pipe:                           "not a regular file",
	}
	if os.Geteuid() == 0 {
		cases[strange] = "chown root"
		if err := os.Chown(strange, 1234, 0); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range cases {
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want …%s…", filepath.Base(path), err, want)
		}
	}
}

func TestRotate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cluster.key")
	if _, err := Rotate(path, time.Now(), time.Hour); err == nil {
		t.Error("a key that is not there was rotated")
	}
	old, err := Create(path, false)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := Rotate(path, time.Now(), 24*time.Hour)
	if err != nil || len(ring) != 2 || ring[0].Key != old {
		t.Fatalf("%d keys, %v", len(ring), err)
	}
	got, err := Load(path)
	if err != nil || len(got) != 2 || got[1].Key != ring[1].Key {
		t.Errorf("the file has %d keys, %v", len(got), err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// Of a file that is no key it is not said what its mode should be.
func TestNoKeyWhateverItsMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "passwd")
	if err := os.WriteFile(path, []byte("root:x:0:0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || strings.Contains(err.Error(), "chmod") {
		t.Error(err)
	}
}
