package labtest

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// BinaryVariable names the environment variable with the path of the binary
// under test. Without it, tests that need a lab are skipped.
const BinaryVariable = "OPENMOSIX"

// RateVariable names the environment variable with how fast the links of all nodes
// are, in Mbit/s. Without it they are as fast as this machine copies.
const RateVariable = "OPENMOSIX_RATE"

// LogsVariable names the environment variable with a directory that gets the
// whole logs of the nodes of a test that failed.
const LogsVariable = "OPENMOSIX_TEST_LOGS"

const (
	upLimit   = 2 * time.Minute
	downLimit = time.Minute
)

// Lab is a running lab.
type Lab struct {
	binary string
	base   string
	name   string
	nodes  int
	limit  time.Duration
}

// Limit has commands in nodes, moves and questions take at most so long, instead
// of what is enough on a machine that is not too busy.
func (l *Lab) Limit(d time.Duration) { l.limit = d }

// Up makes a lab of so many nodes for the time of the test, or skips the test
// with the reason.
func Up(t testing.TB, nodes int) *Lab {
	t.Helper()
	return up(t, nodes, "--fixed")
}

// UpFinding is Up with nodes that are told nothing of each other and have found
// each other.
func UpFinding(t testing.TB, nodes int) *Lab {
	t.Helper()
	return up(t, nodes)
}

// UpOn is Up with a node for each of these CPUs, which has that one only.
func UpOn(t testing.TB, cpus ...int) *Lab {
	t.Helper()
	return up(t, len(cpus), "--fixed", "--cpus", list(cpus))
}

// UpBalanced is UpOn with processes that move by themselves.
func UpBalanced(t testing.TB, cpus ...int) *Lab {
	t.Helper()
	return up(t, len(cpus), "--fixed", "--balance", "--cpus", list(cpus))
}

// UpFindingBalanced is UpBalanced with nodes that have found each other.
func UpFindingBalanced(t testing.TB, cpus ...int) *Lab {
	t.Helper()
	return up(t, len(cpus), "--balance", "--cpus", list(cpus))
}

// UpMemory is Up with processes that move by themselves and so many MiB of memory
// for each node; 0: as much as this machine has. Where nodes cannot have memory
// of their own it skips the test.
func UpMemory(t testing.TB, mib ...int) *Lab {
	t.Helper()
	var words []string
	for _, n := range mib {
		word := "-"
		if n != 0 {
			word = strconv.Itoa(n)
		}
		words = append(words, word)
	}
	return up(t, len(mib), "--fixed", "--balance", "--memory", strings.Join(words, ","))
}

// UpRate is Up with links of so many Mbit/s.
func UpRate(t testing.TB, nodes, mbit int) *Lab {
	t.Helper()
	return up(t, nodes, "--fixed", "--rate", all(nodes, strconv.Itoa(mbit)))
}

// all is the same for each node.
func all(nodes int, word string) string {
	return strings.Join(slices.Repeat([]string{word}, nodes), ",")
}

func list(cpus []int) string {
	var words []string
	for _, cpu := range cpus {
		words = append(words, strconv.Itoa(cpu))
	}
	return strings.Join(words, ",")
}

// UpNetworks is UpFinding with the networks of each node, a letter each. A node
// in several is a relay.
func UpNetworks(t testing.TB, networks ...string) *Lab {
	t.Helper()
	return up(t, len(networks), "--networks", strings.Join(networks, ","))
}

// UpEmpty is UpFinding without daemons: StartDaemon starts them.
func UpEmpty(t testing.TB, nodes int) *Lab {
	t.Helper()
	return up(t, nodes, "--no-daemon")
}

func up(t testing.TB, nodes int, flags ...string) *Lab {
	t.Helper()
	binary := os.Getenv(BinaryVariable)
	if binary == "" {
		t.Skipf("%s is not set: give it the path of the openmosix binary", BinaryVariable)
	}
	if os.Geteuid() != 0 {
		t.Skip("a lab needs root")
	}
	binary, err := filepath.Abs(binary)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(binary); err != nil {
		t.Fatalf("%s: %v", BinaryVariable, err)
	}
	base, err := os.MkdirTemp("", "om") // short: paths of sockets begin with it
	if err != nil {
		t.Fatal(err)
	}
	l := &Lab{
		binary: binary,
		base:   base,
		name:   fmt.Sprintf("t%d-%d", os.Getpid(), time.Now().UnixNano()%1e6),
		nodes:  nodes,
	}
	sweep(t, base, binary, "lab", "down", "--dir", base, "--name", l.name)
	t.Cleanup(func() {
		if t.Failed() {
			l.showLogs(t)
		}
	})
	if rate := os.Getenv(RateVariable); rate != "" && !slices.Contains(flags, "--rate") {
		flags = append(flags, "--rate", all(nodes, rate))
	}
	// A test that is ended from outside leaves no lab running.
	flags = append(flags, "--nodes", strconv.Itoa(nodes), "--with", strconv.Itoa(os.Getpid()))
	out, err := l.run(upLimit, "lab", "up", flags...)
	if err != nil && strings.Contains(out, "no control group of memory") {
		t.Skip(out)
	}
	if err != nil {
		t.Fatalf("lab up: %v\n%s", err, out)
	}
	return l
}

// Nodes is how many nodes the lab has; they are numbered from 1.
func (l *Lab) Nodes() int { return l.nodes }

// InNode is the name of the binary under test in a node, where it is in the PATH.
const InNode = "openmosix"

// run executes the binary on the machine itself, about this lab.
func (l *Lab) run(limit time.Duration, lab, verb string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	c := exec.CommandContext(ctx, l.binary, append([]string{lab, verb, "--dir", l.base, "--name", l.name}, args...)...)
	c.WaitDelay = time.Second
	out, err := c.CombinedOutput()
	return string(out), err
}

// Command is a command to be run in a node, in a directory that must be
// visible there (not below /tmp or /run). Killing it hangs up on the command
// in the node.
func (l *Lab) Command(ctx context.Context, node int, dir string, argv ...string) *exec.Cmd {
	args := []string{"lab", "exec", "--dir", l.base, "--name", l.name, "--no-tty"}
	if dir != "" {
		args = append(args, "--cwd", dir)
	}
	args = append(args, strconv.Itoa(node), "--")
	c := exec.CommandContext(ctx, l.binary, append(args, argv...)...)
	c.WaitDelay = 2 * time.Second
	return c
}

// Kill ends a process of a node for good.
func (l *Lab) Kill(node, pid int) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	// It may be gone already: nothing to say about that.
	_ = l.Command(ctx, node, "/", "kill", "-KILL", strconv.Itoa(pid)).Run()
}

// showLogs prints the end of what the nodes' daemons had to say.
func (l *Lab) showLogs(t testing.TB) {
	logs, _ := filepath.Glob(filepath.Join(l.base, l.name, "*.log"))
	for _, path := range logs {
		text, err := os.ReadFile(path)
		if err != nil || len(text) == 0 {
			continue
		}
		if dir := os.Getenv(LogsVariable); dir != "" {
			if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), text, 0o600); err != nil {
				t.Log(err)
			}
		}
		lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
		if len(lines) > 40 {
			lines = lines[len(lines)-40:]
		}
		t.Logf("the end of %s:\n%s", filepath.Base(path), strings.Join(lines, "\n"))
	}
}

// ScratchVariable names a directory that all nodes see, instead of /var/tmp.
const ScratchVariable = "OPENMOSIX_SCRATCH"

// Scratch makes a directory for the test that every node sees under the same
// name and everybody may enter. It goes with the test.
func Scratch(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp(cmp.Or(os.Getenv(ScratchVariable), "/var/tmp"), "openmosix-test-")
	if err != nil {
		t.Fatal(err)
	}
	sweep(t, dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Log is what a node's daemon, and the supervisors through it, have said so far.
func (l *Lab) Log(node int) (string, error) {
	text, err := os.ReadFile(l.logOf(node))
	if err != nil {
		return "", fmt.Errorf("read log of node %d: %w", node, err)
	}
	return string(text), nil
}

func (l *Lab) logOf(node int) string {
	return filepath.Join(l.base, l.name, fmt.Sprintf("node%d.log", node))
}
