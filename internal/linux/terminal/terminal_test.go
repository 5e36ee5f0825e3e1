package terminal

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestLastInput(t *testing.T) {
	dev := t.TempDir()
	if got := LastInput(dev); !got.IsZero() {
		t.Errorf("without terminals: %v", got)
	}
	early, late := time.Unix(1000, 0), time.Unix(2000, 0)
	for name, read := range map[string]time.Time{"pts/0": early, "pts/1": late, "tty1": early, "pts/ptmx": late.Add(time.Hour), "tty": late.Add(time.Hour)} {
		path := filepath.Join(dev, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, read, early.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if got := LastInput(dev); !got.Equal(late) {
		t.Errorf("%v", got)
	}
}
