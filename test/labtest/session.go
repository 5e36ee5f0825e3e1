package labtest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Session is a shell kept open in a node, for those who run many short
// commands there: one fork each instead of a new connection to the lab.
type Session struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string
	lost  error // once an answer did not come, later ones cannot be told apart
}

const endMark = "end-of-command"

// Session opens a shell in a node. Close it.
func (l *Lab) Session(ctx context.Context, node int) (*Session, error) {
	s := &Session{cmd: l.Command(ctx, node, "/", "/bin/sh"), lines: make(chan string, 1000)}
	in, err := s.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("open session: %w", err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("open session: %w", err)
	}
	s.in = in
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("open session: %w", err)
	}
	go func() {
		defer close(s.lines)
		for r := bufio.NewScanner(out); r.Scan(); {
			s.lines <- r.Text()
		}
	}()
	return s, nil
}

// Run executes one line of shell and gives what it wrote and its status.
func (s *Session) Run(line string, limit time.Duration) (string, int, error) {
	if s.lost != nil {
		return "", -1, s.lost
	}
	if _, err := fmt.Fprintf(s.in, "{ %s\n} 2>&1 </dev/null; status=$?; echo; echo %s $status\n", line, endMark); err != nil {
		return "", -1, fmt.Errorf("write to session: %w", err)
	}
	var text strings.Builder
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		select {
		case l, ok := <-s.lines:
			if !ok {
				return text.String(), -1, fmt.Errorf("the session ended in the middle of %q", line)
			}
			if code, found := strings.CutPrefix(l, endMark+" "); found {
				n, err := strconv.Atoi(code)
				return strings.TrimSpace(text.String()), n, err
			}
			text.WriteString(l + "\n")
		case <-timer.C:
			s.lost = fmt.Errorf("%q gave no answer within %v", line, limit)
			return text.String(), -1, s.lost
		}
	}
}

// Migrate is Lab.Migrate for a process of the session's node, without the
// second tries.
func (s *Session) Migrate(pid, to int) (Status, string) {
	text, code, err := s.Run(fmt.Sprintf("%s migrate %d %s", InNode, pid, Destination(to)), migrateLimit)
	if err != nil {
		return NoAnswer, strings.TrimSpace(text + " " + err.Error())
	}
	return Status(code), text
}

// Trees are these processes and all their living descendants.
func (s *Session) Trees(roots []int) ([]int, error) {
	text, code, err := s.Run("ps -e -o pid=,ppid=,stat=", migrateLimit)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	if code != 0 {
		return nil, fmt.Errorf("list processes: ps ends with status %d: %s", code, text)
	}
	children := make(map[int][]int)
	for line := range strings.Lines(text) {
		var pid, parent int
		var state string
		if n, _ := fmt.Sscan(line, &pid, &parent, &state); n == 3 && state[0] != 'Z' {
			children[parent] = append(children[parent], pid)
		}
	}
	tree := slices.Clone(roots)
	for i := 0; i < len(tree); i++ {
		tree = append(tree, children[tree[i]]...)
	}
	return tree, nil
}

// Close ends the shell.
func (s *Session) Close() {
	s.in.Close()
	done := make(chan struct{})
	go func() {
		for range s.lines { // lets the reader come to its end
		}
		_ = s.cmd.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(3 * time.Second):
		_ = s.cmd.Process.Kill()
		<-done
	}
}
