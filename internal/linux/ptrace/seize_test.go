package ptrace

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// executer is the environment variable with which this program is one whose second thread does nothing, and whose third
// executes another when it is told to.
const executer = "OPENMOSIX_TEST_EXECUTER"

func init() {
	if os.Getenv(executer) != "" {
		runtime.LockOSThread() // its first thread does neither
	}
}

func TestMain(m *testing.M) {
	if os.Getenv(executer) != "" {
		execute()
	}
	os.Exit(m.Run())
}

func execute() {
	tids, goes := make(chan int), make(chan struct{})
	for _, does := range []func(){func() {}, func() { <-goes; _ = syscall.Exec("/bin/sleep", []string{"sleep", "100"}, nil) }} {
		go func() {
			runtime.LockOSThread()
			tids <- unix.Gettid()
			does()
			for {
				_ = unix.Pause()
			}
		}()
		fmt.Println(<-tids)
	}
	_, _ = os.Stdin.Read(make([]byte, 1))
	close(goes)
	select {}
}

// A thread can be attached to while another one of its process executes a program, which waits for the end of a
// third that is attached to already.
func TestSeizeWhileAnotherThreadExecutes(t *testing.T) {
	child := exec.Command("/proc/self/exe")
	child.Env = []string{executer + "=1"}
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Process.Kill() }()
	var idle, executes int
	if n, _ := fmt.Fscan(bufio.NewReader(out), &idle, &executes); n != 2 {
		t.Fatal("it does not tell its threads")
	}
	var ends atomic.Int32
	l := NewLoop(func(s Stop) {
		if s.TID == idle && s.Gone() {
			ends.Add(1)
		}
		if !s.Gone() {
			_ = Continue(s.TID, 0)
		}
	})
	defer l.Close()
	attached := make(chan error, 1)
	go l.Do(func() {
		err := l.Seize(idle, TraceExec)
		if err == nil {
			_, err = in.Write([]byte{1})
		}
		time.Sleep(300 * time.Millisecond) // by then it waits for the idle one to be reaped
		if err == nil {
			err = l.Seize(executes, TraceExec)
		}
		attached <- err
	})
	select {
	case err := <-attached:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("neither is it attached to, nor does it execute")
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", child.Process.Pid))
		if strings.TrimSpace(string(name)) == "sleep" && ends.Load() == 1 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("it is %q, and %d ends have been told", name, ends.Load())
		}
	}
}
