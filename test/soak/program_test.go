package soak

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"openmosix/test/labtest"
)

// program is one that runs, or has run. The fields after ended are those of its
// end and are not read before.
type program struct {
	kind  kind
	want  expected
	home  int
	dir   string
	begun time.Time
	cmd   *exec.Cmd
	said  *labtest.Output
	// mourned is why it may have died: a node that it was on, or its home. Empty: it
	// may not. The driver's.
	mourned string

	ended  chan struct{}
	status int
	took   time.Duration
}

// start begins a program on a node. It does not wait for anything.
func (s *soak) start(k kind, node int) (*program, error) {
	s.begun++
	p := &program{kind: k, want: s.want[k.name], home: node, begun: time.Now(), said: &labtest.Output{}, ended: make(chan struct{})}
	p.dir = filepath.Join(s.dir, fmt.Sprintf("%d-%s", s.begun, k.name))
	if err := os.Mkdir(p.dir, 0o755); err != nil {
		return nil, err
	}
	p.cmd = s.lab.Command(s.programs, node, p.dir, "env", "SHARED="+s.shared, "MOSRUN=mosrun -F", "LC_ALL=C", lengthVariable(), "bash", "-c", prologue+k.line)
	p.cmd.Stdout = p.said
	p.cmd.WaitDelay = patience // for what has its output to be closed, on a machine full of work
	var trouble labtest.Output // of lab exec itself
	p.cmd.Stderr = &trouble
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		err := p.cmd.Wait()
		if exit, failed := errors.AsType[*exec.ExitError](err); failed {
			p.status = statusOf(exit)
		} else if err != nil {
			p.status = -1
			fmt.Fprintln(&trouble, "its end is not known:", err)
		}
		p.took = time.Since(p.begun)
		fmt.Fprint(p.said, trouble.String())
		close(p.ended)
	}()
	return p, nil
}

// statusOf is how a shell would tell an end.
func statusOf(exit *exec.ExitError) int {
	if w, ok := exit.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal())
	}
	return exit.ExitCode()
}

// pid on its home node, once it has said it.
func (p *program) pid() (int, bool) {
	line, _, whole := strings.Cut(p.said.String(), "\n")
	n, err := strconv.Atoi(line)
	return n, whole && err == nil
}

func (p *program) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// fate is what became of a program.
type fate int

const (
	right fate = iota
	lost       // with a node, visibly
	wrong
)

// atHomeAfterAll is what mosrun -F says when its daemon ends, or is too busy.
var atHomeAfterAll = regexp.MustCompile(`(?m)^mosrun: .*; it runs at home\n`)

// judge looks at how it has ended. Precondition: it has.
func (p *program) judge() (fate, string) {
	_, output, _ := strings.Cut(p.said.String(), "\n")
	output = atHomeAfterAll.ReplaceAllString(output, "")
	switch {
	case p.status == p.want.status && output == p.want.output:
		return right, ""
	case p.mourned != "" && p.status != 0:
		return lost, p.mourned
	}
	return wrong, fmt.Sprintf("%s of node %d (%s, %.0f s, %s): status %d, at home %d; it said\n%s\nat home it says\n%s",
		p.kind.name, p.home, filepath.Base(p.dir), p.took.Seconds(), p.history(), p.status, p.want.status, clip(output), clip(p.want.output))
}

func (p *program) history() string {
	if p.mourned != "" {
		return "it may have died: " + p.mourned
	}
	return "no node of it died"
}

// clip bounds what is shown of an output.
func clip(text string) string {
	const most = 2000
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}
