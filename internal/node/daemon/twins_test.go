package daemon

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"openmosix/internal/model/supervisor"
)

// Only files that root alone can change, that everybody may read, and that hold
// what was asked for are handed out.
func TestTwins(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("files of root need root")
	}
	const text = "contents"
	sum := sha256.Sum256([]byte(text))
	other := sha256.Sum256([]byte("others"))
	dir := t.TempDir()
	for _, at := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(at, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	place := func(name string, mode os.FileMode, uid int) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(path, uid, 0); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	private := filepath.Join(dir, "private")
	if err := os.Mkdir(private, 0o700); err != nil {
		t.Fatal(err)
	}
	behind := place("private/right", 0o644, 0)
	if err := os.Symlink(private, filepath.Join(dir, "around")); err != nil {
		t.Fatal(err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		want supervisor.Twin
		ok   bool
	}{
		{"right", supervisor.Twin{Path: place("right", 0o644, 0), Size: 8, Hash: sum[:]}, true},
		{"program", supervisor.Twin{Path: place("program", 0o755, 0), Size: 8, Hash: sum[:]}, true},
		{"other contents", supervisor.Twin{Path: place("contents", 0o644, 0), Size: 8, Hash: other[:]}, false},
		{"no hash", supervisor.Twin{Path: place("nohash", 0o644, 0), Size: 8}, false},
		{"other size", supervisor.Twin{Path: place("size", 0o644, 0), Size: 9, Hash: sum[:]}, false},
		{"a user's", supervisor.Twin{Path: place("user", 0o644, 1000), Size: 8, Hash: sum[:]}, false},
		{"writable by a group", supervisor.Twin{Path: place("group", 0o664, 0), Size: 8, Hash: sum[:]}, false},
		{"secret", supervisor.Twin{Path: place("secret", 0o640, 0), Size: 8, Hash: sum[:]}, false},
		{"behind a closed door", supervisor.Twin{Path: behind, Size: 8, Hash: sum[:]}, false},
		{"behind it by a link", supervisor.Twin{Path: dir + "/around/right", Size: 8, Hash: sum[:]}, false},
		{"pipe", supervisor.Twin{Path: pipe, Size: 0, Hash: sum[:]}, false},
		{"directory", supervisor.Twin{Path: dir, Size: 8, Hash: sum[:]}, false},
		{"relative", supervisor.Twin{Path: "right", Size: 8, Hash: sum[:]}, false},
		{"roundabout", supervisor.Twin{Path: dir + "/../" + filepath.Base(dir) + "/right", Size: 8, Hash: sum[:]}, false},
	} {
		twins, err := newTwins("", noShelf{})
		if err != nil {
			t.Fatal(err)
		}
		f, err := twins.find(&c.want)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if f != nil {
			if _, err := f.Write([]byte("x")); err == nil {
				t.Errorf("%s: can be written", c.name)
			}
			f.Close()
		}
	}
}
