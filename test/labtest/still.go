package labtest

import (
	"context"
	"time"
)

// StandStill stops the daemons and supervisors of all nodes for so long, as when all machines are suspended.
func (l *Lab) StandStill(ctx context.Context, pause time.Duration) error {
	if err := l.signalOurs(ctx, "STOP"); err != nil {
		return err
	}
	time.Sleep(pause)
	return l.signalOurs(ctx, "CONT")
}

func (l *Lab) signalOurs(ctx context.Context, signal string) error {
	for node := 1; node <= l.nodes; node++ {
		if _, err := l.Shell(ctx, node, "kill -"+signal+" $(pgrep -f ' supervise-[hg]|[ /]node --[c]onfig')"); err != nil {
			return err
		}
	}
	return nil
}
