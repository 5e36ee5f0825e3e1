package deputy

import (
	"io"
	"os/exec"
	"testing"
	"time"
)

// talkative is a supervisor for whose words nobody waits.
func talkative(t *testing.T) *Supervisor {
	s, _, told := employedOn(t, "/proc")
	go func() {
		for range told {
		}
	}()
	return s
}

// runs begins a shell with a script, which is over with the test, and gives what it reads.
func runs(t *testing.T, script string) (pid int, lines io.Writer) {
	t.Helper()
	shell := exec.Command("sh", "-c", "echo runs; "+script)
	lines, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	says, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = shell.Process.Kill(), shell.Wait() })
	if _, err := says.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	return shell.Process.Pid, lines
}

// A process that a traced one has made is asked for before its first stop has been taken, as when somebody
// moves all children of a process that is away: only that stop tells whether it is a deputy.
func TestNewbornIsEnteredByItsFirstStop(t *testing.T) {
	s := talkative(t)
	maker, lines := runs(t, "read line; sleep 60 >&- & wait") // had it not begun, its execve would be a stop, too
	var err error
	s.fam.Loop.Do(func() { err = s.fam.Loop.Seize(maker, awayOptions) })
	if err != nil {
		t.Fatal(err)
	}
	busy, free := make(chan struct{}), make(chan struct{})
	go s.fam.Loop.Do(func() { close(busy); <-free })
	<-busy
	if _, err := io.WriteString(lines, "make one\n"); err != nil {
		t.Fatal(err)
	}
	child := 0
	for begun := time.Now(); child == 0; time.Sleep(time.Millisecond) {
		if children, _ := s.fam.FS.Children(maker); len(children) == 1 {
			child = children[0]
		} else if time.Since(begun) > 10*time.Second {
			t.Fatal("it makes no process")
		}
	}
	defer kill(child)
	type answer struct {
		p   *proc
		err error
	}
	taken := make(chan answer, 1)
	go func() {
		p, err := s.take(child, 2, nil)
		taken <- answer{p, err}
	}()
	for range 100 {
		if s.procByPID(child) != nil {
			t.Error("it is entered, and its first stop has not been taken")
			break
		}
		time.Sleep(time.Millisecond)
	}
	close(free) // the stop: here it is a child made at home, which is let go
	if a := <-taken; a.err != nil || len(a.p.Threads()) != 1 {
		t.Errorf("then it cannot be taken as any other: %v", a.err)
	}
}

// A process may execute a program until it is traced. What is looked at then is the memory that it has then.
func TestMemoryIsThatOfTheProgramItHasExecutedMeanwhile(t *testing.T) {
	s := talkative(t)
	pid, lines := runs(t, "read line; exec sleep 60")
	busy, free := make(chan struct{}), make(chan struct{})
	go s.fam.Loop.Do(func() { close(busy); <-free })
	<-busy
	taken := make(chan error, 1)
	go func() {
		_, err := s.take(pid, 2, nil)
		taken <- err
	}()
	for begun := time.Now(); s.procByPID(pid) == nil; time.Sleep(time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			t.Fatal("it is not attached to")
		}
	}
	if _, err := io.WriteString(lines, "execute\n"); err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); ; time.Sleep(time.Millisecond) {
		if st, err := s.fam.FS.Stat(pid); err == nil && st.Comm == "sleep" {
			break
		}
		if time.Since(begun) > 10*time.Second {
			t.Fatal("it executes nothing")
		}
	}
	close(free)
	if err := <-taken; err != nil {
		t.Fatal(err)
	}
	p := s.procByPID(pid)
	vmas, _, err := p.Mappings(nil)
	if err != nil {
		t.Fatal(err)
	}
	if pages, err := p.PrivatePages(vmas); err != nil || len(pages) == 0 {
		t.Errorf("it has %d pages: %v", len(pages), err)
	}
}
