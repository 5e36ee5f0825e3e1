package labtest

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// The limits of time are for a machine that has much else to do: who waits for them in vain has met an error.
const (
	shellLimit  = time.Minute
	daemonLimit = time.Minute
	daemonPause = 50 * time.Millisecond
)

// Shell gives one line to a node and returns what it says.
func (l *Lab) Shell(ctx context.Context, node int, line string) (string, error) {
	limited, cancel := context.WithTimeout(ctx, cmp.Or(l.limit, shellLimit))
	defer cancel()
	out, err := l.Command(limited, node, "/", "/bin/sh", "-c", line).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("node %d: %s: %w: %s", node, line, err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// Daemon is the pid of a node's daemon, as the node sees it.
func (l *Lab) Daemon(ctx context.Context, node int) (int, error) {
	text, err := l.Shell(ctx, node, "pgrep -f '[ /]node --config' | head -1")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(text)
}

// StartDaemon starts a daemon in a node that has lost its own, in the lab's own
// way, and waits until it answers. The caller ends the command.
func (l *Lab) StartDaemon(ctx context.Context, node int) (*exec.Cmd, error) {
	daemon := l.Command(ctx, node, "/", InNode, "node", "--config", "/etc/openmosix/openmosix.toml")
	log, err := os.OpenFile(l.logOf(node), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	daemon.Stdout, daemon.Stderr = log, log
	if err := daemon.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(cmp.Or(l.limit, daemonLimit)); time.Now().Before(deadline); time.Sleep(daemonPause) {
		if l.Command(ctx, node, "/", InNode, "status").Run() == nil {
			return daemon, nil
		}
	}
	_ = daemon.Process.Kill()
	_ = daemon.Wait()
	return nil, fmt.Errorf("the new daemon of node %d does not answer", node)
}
