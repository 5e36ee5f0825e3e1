package openwatch

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestOpenersWait(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	openersWait(t, f, name)
}

// Memory without a name is opened by somebody's descriptor of it.
func TestOpenersOfMemoryWait(t *testing.T) {
	fd, err := unix.MemfdCreate("memory", unix.MFD_CLOEXEC)
	if err != nil {
		t.Skip(err)
	}
	f := os.NewFile(uintptr(fd), "memory")
	defer f.Close()
	openersWait(t, f, fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), fd))
}

func openersWait(t *testing.T, f *os.File, name string) {
	w, err := New()
	if err != nil {
		t.Skip(err)
	}
	if err := w.Add(f); err != nil {
		t.Skip(err)
	}
	opens := exec.Command("cat", name)
	if err := opens.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- opens.Wait() }()
	o, err := w.Next()
	if err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil || o.PID != opens.Process.Pid || o.Ino != st.Ino || o.Dev != st.Dev {
		t.Errorf("%+v, not process %d", o, opens.Process.Pid)
	}
	select {
	case <-ended:
		t.Error("it does not wait")
	case <-time.After(50 * time.Millisecond):
	}
	o.Allow()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := w.Remove(f); err != nil {
		t.Error(err)
	}
	if err := exec.Command("cat", name).Run(); err != nil {
		t.Error(err)
	}
	over := make(chan error, 1)
	go func() {
		_, err := w.Next()
		over <- err
	}()
	time.Sleep(10 * time.Millisecond)
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if <-over == nil {
		t.Error("there is something after the end")
	}
}
