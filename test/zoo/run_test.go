package zoo

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// skipStatus is how a program says that this machine lacks what it is about.
const skipStatus = 77

// run is one run of a program. The phase it is in is named in every failure.
type run struct {
	t       *testing.T
	cmd     *exec.Cmd
	phase   string
	stop    string   // the file that tells the program to stop
	answer  string   // what migrate said last
	flags   []string // of migrate
	ready   chan int
	also    chan int // pids of children that are to be moved as well
	ended   chan error
	silent  chan struct{} // closed when all it has to say has been read
	mu      sync.Mutex    // guards output
	output  bytes.Buffer
	timeout <-chan time.Time
}

// start begins a run, with time until limit.
func start(t *testing.T, cmd *exec.Cmd, stop string, limit time.Duration) *run {
	t.Helper()
	r := &run{
		t: t, cmd: cmd, phase: "start", stop: stop,
		ready: make(chan int, 1), also: make(chan int, 16), ended: make(chan error, 1),
		silent:  make(chan struct{}),
		timeout: time.After(limit),
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = writer, writer
	err = cmd.Start()
	writer.Close()
	if err != nil {
		reader.Close()
		t.Fatalf("start: %v", err)
	}
	go r.read(reader)
	go func() { r.ended <- cmd.Wait() }()
	return r
}

func (r *run) read(from io.ReadCloser) {
	defer close(r.silent)
	defer from.Close()
	for s := bufio.NewScanner(from); s.Scan(); {
		line := s.Text()
		r.mu.Lock()
		if r.output.Len() < 1<<16 {
			r.output.WriteString(line + "\n")
		}
		r.mu.Unlock()
		word, rest, _ := strings.Cut(line, " ")
		pid, err := strconv.Atoi(rest)
		if err != nil {
			continue
		}
		switch word {
		case "ready":
			offer(r.ready, pid)
		case "also":
			offer(r.also, pid)
		}
	}
}

func offer(c chan int, v int) {
	select {
	case c <- v:
	default:
	}
}

func (r *run) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.output.String()
}

// fail says what went wrong, when, and what the program had to say about it.
func (r *run) fail(format string, args ...any) {
	r.t.Helper()
	r.t.Errorf("phase %s: %s\nthe program said:\n%s", r.phase, fmt.Sprintf(format, args...), r.said())
}

// untilReady waits for the program's pid; false: it has ended or failed.
func (r *run) untilReady() (int, bool) {
	r.t.Helper()
	r.phase = "ready"
	select {
	case pid := <-r.ready:
		return pid, true
	case err := <-r.ended:
		select {
		case <-r.silent:
		case <-time.After(time.Second):
		}
		if r.cmd.ProcessState.ExitCode() == skipStatus {
			r.t.Skip(strings.TrimSpace(r.said()))
		}
		r.fail("it ended before it was ready: %v", err)
	case <-r.timeout:
		r.fail("it was not ready in time")
	}
	return 0, false
}

// finish tells the program to stop and judges how it ends.
func (r *run) finish() {
	r.t.Helper()
	r.phase = "stop"
	if err := os.WriteFile(r.stop, nil, 0o644); err != nil {
		r.fail("%v", err)
		return
	}
	select {
	case err := <-r.ended:
		select {
		case <-r.silent:
		case <-time.After(time.Second): // a child that is left holds the pipe open
		}
		if err != nil {
			r.fail("it ended with %v", err)
		} else if !strings.HasSuffix(r.said(), "ok\n") {
			r.fail("its last word is not ok")
		}
	case <-r.timeout:
		r.fail("it did not end in time")
	}
}

// prepare builds the program and makes it a directory to be in; it returns the
// command line that starts it there, for a run that takes so long at most.
func prepare(t *testing.T, p Program, scratch string, limit time.Duration) (argv []string, dir, stop string) {
	t.Helper()
	if p.NeedRoot && os.Geteuid() != 0 {
		t.Skip("this program needs root")
	}
	base, err := os.UserCacheDir()
	if err != nil {
		base = filepath.Join(os.TempDir(), "cache")
	}
	path, err := Build(p, filepath.Join(base, "openmosix", "zoo"))
	if isLacking(err) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(scratch, p.Name)
	stop = filepath.Join(dir+".stop", "stop")
	for _, d := range []string{dir, filepath.Dir(stop)} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	// One that nobody stops ends before that, and says so.
	seconds := int((limit - 5*time.Second).Seconds())
	return []string{"env", "ZOO_STOP=" + stop, fmt.Sprintf("ZOO_SECONDS=%d", seconds), path}, dir, stop
}
