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

func TestWatchFile(t *testing.T) {
	w, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("contents"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	wd, err := w.WatchFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what   string
		do     func() error
		opened bool
		told   bool
	}{
		{"read", func() error { _, err := os.ReadFile(path); return err }, true, true},
		{"read by who has it open", func() error { _, err := file.Read(make([]byte, 3)); return err }, false, false},
		{"chmod", func() error { return os.Chmod(path, 0o644) }, false, true},
		{"truncate", func() error { return os.Truncate(path, 3) }, false, true},
		{"another name", func() error { return os.Link(path, path+"2") }, false, true},
		{"write by another name", func() error { return os.WriteFile(path+"2", []byte("x"), 0) }, false, true},
	} {
		if err := c.do(); err != nil {
			t.Fatal(err)
		}
		events, err := w.Read()
		opened := true
		for _, e := range events {
			opened = opened && e.Opened && e.Watch == wd
		}
		if err != nil || len(events) > 0 != c.told || c.told && opened != c.opened {
			t.Errorf("%s: %+v, %v", c.what, events, err)
		}
	}
	w.Leave(wd)
	if events, err := w.Read(); err != nil || len(events) != 1 || !events[0].Ended {
		t.Errorf("%+v, %v", events, err)
	}
}
