package deputy

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/supervisor"
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
		p, err := s.take(supervisor.Request{PID: child}, 2)
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
		_, err := s.take(supervisor.Request{PID: pid}, 2)
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

// Until a process is traced its number may become another's, of another user: that one is left alone, also by who attends
// a family.
func TestAnothersProcessIsLeftAlone(t *testing.T) {
	for _, attends := range []bool{false, true} {
		s := talkative(t)
		pid, _ := runs(t, "read line")
		before, err := s.fam.FS.Stat(pid)
		if err != nil {
			t.Fatal(err)
		}
		s.attending.Store(attends)
		if _, err := s.take(supervisor.Request{PID: pid, Start: before.StartTime + 1}, 2); err == nil {
			t.Error("it is taken for one that began at another time")
		}
		// It is the one that is meant when it is looked at first, and another when it is traced.
		proc := t.TempDir()
		its, number := filepath.Join("/proc", strconv.Itoa(pid)), filepath.Join(proc, strconv.Itoa(pid))
		for _, name := range []string{"status", "task", "stat"} {
			if err := os.MkdirAll(number, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(filepath.Join(its, name), filepath.Join(number, name)); err != nil {
				t.Fatal(err)
			}
		}
		busy, free := make(chan struct{}), make(chan struct{})
		s.fam.FS = procfs.FS(proc)
		go s.fam.Loop.Do(func() { close(busy); <-free })
		<-busy
		taken := make(chan error, 1)
		go func() {
			_, err := s.take(supervisor.Request{PID: pid, Start: before.StartTime}, 2)
			taken <- err
		}()
		for begun := time.Now(); s.procByPID(pid) == nil && time.Since(begun) < 10*time.Second; {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(10 * time.Millisecond)
		other, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(os.Getpid()), "stat"))
		if err == nil {
			_ = os.Remove(filepath.Join(number, "stat"))
			err = os.WriteFile(filepath.Join(number, "stat"), other, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		close(free)
		if <-taken == nil {
			t.Error("it is taken though its number is another's")
		}
		st, err := procfs.FS("/proc").Status(pid)
		if err != nil || st.TracerPid != 0 || s.procByPID(pid) != nil {
			t.Errorf("it is traced still: %v %v", st, err)
		}
	}
}
