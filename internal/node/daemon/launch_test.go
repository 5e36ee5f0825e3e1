package daemon

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"openmosix/internal/linux/unixmsg"
	"openmosix/internal/model/supervisor"
)

// Of a supervisor that ends at once, as the machine gives it no thread for instance, it is told how, and where more is said.
func TestSupervisorThatEndsAtOnce(t *testing.T) {
	ours, theirs, err := unixmsg.Pair()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{conn: ours, pid: 7, exited: make(chan struct{}), log: slog.New(slog.DiscardHandler)}
	go func() {
		_ = theirs.Close()
		c.status = errors.New("exit status 2")
		close(c.exited)
	}()
	if _, err := c.awaitReady(1); err == nil || !strings.Contains(err.Error(), "ended before it was ready (exit status 2)") || !strings.Contains(err.Error(), "log") {
		t.Error(err)
	}
	c.conn.Close()
	if err := c.tell(supervisor.FromDaemon{}); err == nil {
		t.Error("told")
	}
}
