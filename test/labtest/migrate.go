package labtest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Status is the exit status of migrate: its classes are part of what it
// promises to scripts.
type Status int

// The exit statuses of migrate.
const (
	Moved         Status = 0
	Other         Status = 1
	BadUsage      Status = 2
	NoSuchProcess Status = 3
	NotPermitted  Status = 4
	CannotMove    Status = 5
	AlreadyThere  Status = 6
	UnknownNode   Status = 7
	Refused       Status = 8
	NoMemory      Status = 9
	Unreachable   Status = 10
	NoDaemon      Status = 11
	EndedMeantime Status = 12
	Busy          Status = 13
	Cancelled     Status = 14
	NotMoving     Status = 15
	// NoAnswer is ours: migrate did not end in time, or could not be run.
	NoAnswer Status = -1
)

// names are the words of the statuses in the programs' and cases' tables.
var names = map[Status]string{
	Moved: "moved", Other: "other", BadUsage: "usage", NoSuchProcess: "no-such-process", NotPermitted: "not-permitted",
	CannotMove: "cannot-move", AlreadyThere: "already-there", UnknownNode: "unknown-node", Refused: "refused",
	NoMemory: "no-memory", Unreachable: "unreachable", NoDaemon: "no-daemon", EndedMeantime: "ended", Busy: "busy", Cancelled: "cancelled", NotMoving: "not-moving", NoAnswer: "no-answer",
}

func (s Status) String() string {
	if n, ok := names[s]; ok {
		return n
	}
	return fmt.Sprintf("status-%d", int(s))
}

// StatusNamed finds a status by its word.
func StatusNamed(word string) (Status, bool) {
	for s, n := range names {
		if n == word {
			return s, true
		}
	}
	return 0, false
}

// Home is the destination that is not a number.
const Home = 0

// Destination is a node as migrate wants to be told: a number, or home.
func Destination(node int) string {
	if node == Home {
		return "home"
	}
	return strconv.Itoa(node)
}

const (
	migrateLimit = time.Minute
	busyPause    = 50 * time.Millisecond
)

// Migrate moves a process of node home to another node, or home, and tells how
// that went and what was said. A process that another move is busy with is
// tried again for a while. flags are more of migrate's.
func (l *Lab) Migrate(ctx context.Context, home, pid, to int, flags ...string) (Status, string) {
	for begun := time.Now(); ; time.Sleep(busyPause) {
		status, text := l.migrate(ctx, home, pid, to, flags)
		if status != Busy || time.Since(begun) > busyLimit {
			return status, text
		}
	}
}

// CancelMove has the move of a process given up.
func (l *Lab) CancelMove(ctx context.Context, home, pid int) (Status, string) {
	return l.runMigrate(ctx, home, "--cancel", strconv.Itoa(pid))
}

func (l *Lab) migrate(ctx context.Context, home, pid, to int, flags []string) (Status, string) {
	return l.runMigrate(ctx, home, slices.Concat(flags, []string{strconv.Itoa(pid), Destination(to)})...)
}

func (l *Lab) runMigrate(ctx context.Context, home int, args ...string) (Status, string) {
	limited, cancel := context.WithTimeout(ctx, cmp.Or(l.limit, migrateLimit))
	defer cancel()
	argv := append([]string{InNode, "migrate"}, args...)
	out, err := l.Command(limited, home, "/", argv...).CombinedOutput()
	text := strings.TrimSpace(string(out))
	var exit *exec.ExitError
	switch {
	case err == nil:
		return Moved, text
	case limited.Err() != nil:
		return NoAnswer, fmt.Sprintf("migrate gave no answer within %v: %s", cmp.Or(l.limit, migrateLimit), text)
	case errors.As(err, &exit) && exit.Exited():
		return Status(exit.ExitCode()), text
	}
	return NoAnswer, fmt.Sprintf("run migrate: %v: %s", err, text)
}

// Process is a line of mps --json.
type Process struct {
	PID   int    `json:"pid"`
	Node  int    `json:"node"`
	Moves int    `json:"moves"`
	State string `json:"stat"`
}

// Processes is what mps of a node shows.
func (l *Lab) Processes(ctx context.Context, node int) ([]Process, error) {
	limited, cancel := context.WithTimeout(ctx, cmp.Or(l.limit, migrateLimit))
	defer cancel()
	out, err := l.Command(limited, node, "/", InNode, "mps", "-e", "--json").Output()
	if err != nil {
		return nil, fmt.Errorf("run mps: %w", err)
	}
	var all []Process
	if err := json.Unmarshal(out, &all); err != nil {
		return nil, fmt.Errorf("read mps --json: %w", err)
	}
	return all, nil
}

// Where is the node a process of node home runs on, Home if it is at home.
func (l *Lab) Where(ctx context.Context, home, pid int) (int, error) {
	all, err := l.Processes(ctx, home)
	if err != nil {
		return 0, err
	}
	for _, p := range all {
		if p.PID == pid {
			return p.Node, nil
		}
	}
	return 0, fmt.Errorf("find process %d: mps does not show it", pid)
}
