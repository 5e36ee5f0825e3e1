package sole

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"openmosix/internal/linux/procfs"

	"golang.org/x/sys/unix"
)

func TestUnchanging(t *testing.T) {
	dir, err := os.MkdirTemp("/var/tmp", "shown") // of a file system that gives leases
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "file")
	writer, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if file, err := Unchanging(path, path); file != nil || !errors.Is(err, ErrWritten) {
		t.Error("open to write:", file, err)
	}
	if file, err := Unchanging(path, bearOldness[0]+"passwd"); file != nil || err != nil {
		t.Error("a cache of names:", file, err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := Unchanging(path, path)
	if err != nil {
		t.Fatal(err)
	}
	if file == nil {
		t.Skip("this file system gives no leases")
	}
	defer file.Close()
	if second, err := Unchanging(path, path); err != nil || second == nil {
		t.Error("a second one:", err)
	} else {
		second.Close()
	}
	if file, err := Unchanging(filepath.Join(dir, "none"), path); file != nil || err != nil {
		t.Error("no file:", file, err)
	}
}

// A process that runs may close a descriptor while it is looked at.
func TestADescriptorClosedMeanwhile(t *testing.T) {
	fd, err := unix.MemfdCreate("closed", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	open := []procfs.FD{{Number: fd, Flags: unix.O_RDWR}, {Number: 1 << 19, Flags: unix.O_RDWR}}
	for _, fds := range [][]procfs.FD{open, {open[1], open[0]}} {
		if why, err := OpenHindrance(os.Getpid(), fds); err != nil || why != "" {
			t.Errorf("%v: %q, %v", fds, why, err)
		}
	}
}

// TestThreadsApart: a thread that is ending, with no descriptors any more, does not make the next one another.
func TestThreadsApart(t *testing.T) {
	const first, ended, plain, own, last = 10, 11, 12, 13, 14
	tables := map[int]int{first: 1, plain: 1, own: 2, last: 1}
	same := func(a, b int) (bool, error) {
		if tables[a] == 0 || tables[b] == 0 {
			return false, unix.ESRCH
		}
		return tables[a] == tables[b], nil
	}
	got := apart(first, []int{first, ended, plain, own, last}, same)
	if want := []int{first, ended, own}; !slices.Equal(got, want) {
		t.Errorf("a process is looked at by its threads %v, not %v", got, want)
	}
	delete(tables, first) // it has ended before the others
	if got, want := apart(first, []int{first, ended, plain, own, last}, same), []int{first, ended, plain, own}; !slices.Equal(got, want) {
		t.Errorf("without its first thread it is looked at by %v, not %v", got, want)
	}
}

// TestEndedIsNoKin: who has ended since it was found to share something is in nobody's way, though its parent has not noticed.
func TestEndedIsNoKin(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	fs := procfs.FS("/proc")
	for begun := time.Now(); ; time.Sleep(time.Millisecond) {
		if st, err := fs.Status(cmd.Process.Pid); err != nil || time.Since(begun) > time.Minute {
			t.Fatal("it does not end: ", err)
		} else if st.State == 'Z' {
			break
		}
	}
	its, err := fs.Status(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	k := &Kin{Others: [][]int{{cmd.Process.Pid}}, fs: fs, uid: its.Uid}
	if !k.Related(0) {
		t.Error("a process that has ended is none that memory can be shared with")
	}
}
