package gowatcher

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestCalm(t *testing.T) {
	if err := Calm(time.Millisecond); err != nil {
		t.Fatal(err)
	}
	thread, err := Thread()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/timerslack_ns", thread))
	if err != nil || strings.TrimSpace(string(text)) != "1000000" {
		t.Errorf("%q, %v", text, err)
	}
	if thread == os.Getpid() {
		t.Error("it is the first thread")
	}
}

// The watcher of another process is let sleep by who may; what it has made is made to sleep as others.
func TestCalmOf(t *testing.T) {
	if os.Getenv("GOWATCHER_WAITS") != "" {
		_, _ = os.Stdout.WriteString("\n")
		_, _ = os.Stdin.Read(make([]byte, 1))
		return
	}
	program := exec.Command(os.Args[0], "-test.run", "TestCalmOf")
	program.Env = append(os.Environ(), "GOWATCHER_WAITS=1")
	in, err := program.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = in.Close()
		_ = program.Wait()
	}()
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	slack := func() string {
		thread, err := threadOf(strconv.Itoa(program.Process.Pid))
		if err != nil || thread == program.Process.Pid {
			t.Fatal(thread, err)
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/timerslack_ns", thread))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(text))
	}
	if err := CalmOf(program.Process.Pid, 3*time.Millisecond); err != nil || slack() != "3000000" {
		t.Errorf("%s, %v", slack(), err)
	}
	thread, _ := threadOf(strconv.Itoa(program.Process.Pid))
	if err := Usual(thread); err != nil || slack() != "50000" {
		t.Errorf("%s, %v", slack(), err)
	}
}

func TestUsualOwn(t *testing.T) {
	runtime.LockOSThread() // it ends with the test
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 7000000, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	UsualOwn()
	if slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0); err != nil || slack != int(usual) {
		t.Errorf("%d, %v", slack, err)
	}
}
