package deputy

import (
	"testing"
	"time"

	"openmosix/internal/model/supervisor"
)

// Who asks all supervisors may ask one that has just been started, before it is told what for. It is still there then.
func TestAQuestionDoesNotEndWhoHasNotBegun(t *testing.T) {
	s, daemon, told := employed(t)
	answer := func(r supervisor.Request, kind supervisor.EventKind) {
		t.Helper()
		if err := daemon.Send(supervisor.FromDaemon{Request: &r}); err != nil {
			t.Fatal(err)
		}
		for limit := time.After(10 * time.Second); ; {
			select {
			case e := <-told:
				if e.ID == r.ID && e.Kind == kind {
					return
				}
			case <-limit:
				t.Fatalf("%s is not answered", r.Verb)
			}
		}
	}
	answer(supervisor.Request{ID: 1, Verb: supervisor.Describe}, supervisor.State)
	answer(supervisor.Request{ID: 2, Verb: supervisor.AskAgain}, supervisor.Asks)
	select {
	case <-s.done:
		t.Fatal("it has ended")
	case <-time.After(100 * time.Millisecond):
	}
	answer(supervisor.Request{ID: 3, Verb: supervisor.MoveTo, PID: 1, To: 2}, supervisor.Failed) // there is none
	select {
	case <-s.done:
	case <-time.After(10 * time.Second):
		t.Error("it does not end when it has nothing to do")
	}
}
