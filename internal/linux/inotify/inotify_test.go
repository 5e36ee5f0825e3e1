package inotify

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestWatch(t *testing.T) {
	w, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	dir := t.TempDir()
	open, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	wd, err := w.Watch(open)
	open.Close() // a directory that is open lives on, without a name
	if err != nil {
		t.Fatal(err)
	}
	if events, _ := w.Changed(); events {
		t.Error("there is something before anything has changed")
	}
	told := func(name string, change func(path string) error) {
		t.Helper()
		if err := change(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if events, _ := w.Changed(); !events { // at once: the kernel queues it before the call returns
			t.Fatalf("%s: nothing is told", name)
		}
		events, err := w.Read()
		if err != nil || len(events) == 0 {
			t.Fatalf("%v, %v", events, err)
		}
		for _, e := range events {
			if !cmp.Equal(e, Event{Watch: wd, Name: name}) && e.Name != "" {
				t.Errorf("%s: %+v", name, e)
			}
		}
	}
	told("made", func(p string) error { return os.WriteFile(p, nil, 0o600) })
	told("made", os.Remove)
	told("directory", func(p string) error { return os.Mkdir(p, 0o700) })
	told("directory", func(p string) error { return os.Chmod(p, 0o500) })
	waited := make(chan struct{})
	go func() { w.Wait(); close(waited) }()
	if err := os.Remove(filepath.Join(dir, "directory")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-waited:
	case <-time.After(30 * time.Second):
		t.Fatal("nobody is woken")
	}
	if _, err := w.Read(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	events, err := w.Read()
	if err != nil || len(events) == 0 || !events[len(events)-1].Ended {
		t.Errorf("the end of the directory: %+v, %v", events, err)
	}
}
