package pidfd

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestLife(t *testing.T) {
	cmd := exec.Command("cat")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	p, err := Open(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := p.Signal(0); err != nil {
		t.Error(err)
	}
	if ended, err := p.Ended(time.Millisecond); ended || err != nil {
		t.Error(ended, err)
	}
	// Write to the child's standard output from here: the descriptor is the same file.
	fd, err := p.GetFD(1)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), "copied")
	if _, err := file.WriteString("hello\n"); err != nil {
		t.Error(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "hello\n" {
		t.Error(line, err)
	}
	if err := errors.Join(file.Close(), p.Signal(unix.SIGTERM)); err != nil {
		t.Error(err)
	}
	if ended, err := p.Ended(-1); !ended || err != nil {
		t.Error(ended, err)
	}
	_ = in.Close()
	_ = cmd.Wait()
	if err := p.Signal(0); !errors.Is(err, unix.ESRCH) {
		t.Error(err)
	}
	if _, err := p.GetFD(1); err == nil {
		t.Error("descriptor of the dead")
	}
}

func TestMilliseconds(t *testing.T) {
	for d, want := range map[time.Duration]int{-1: -1, 0: 0, 1: 1, time.Millisecond: 1, time.Second + 1: 1001, 1 << 62: 1 << 30} {
		if got := milliseconds(d); got != want {
			t.Error(d, got, want)
		}
	}
}
