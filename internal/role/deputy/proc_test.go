package deputy

import (
	"errors"
	"testing"
	"time"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"
)

// A process may end before the move talks to anybody: what the other side
// then says reaches no table, so the move must hear of the end itself.
func TestMoveOfEndedProcess(t *testing.T) {
	p := &proc{Process: &tracee.Process{Own: 7}}
	if !p.begin() {
		t.Fatal("a process that is at home cannot be moved")
	}
	p.ended = true
	l := &link{}
	p.deal(l)
	start := time.Now()
	_, err := p.expect(l, wire.Prepared)
	var m *moveError
	if !errors.As(err, &m) || m.code != supervisor.NoSuchProcess {
		t.Errorf("the move hears %v", err)
	}
	if waited := time.Since(start); waited > time.Second {
		t.Errorf("after %v", waited)
	}
}
