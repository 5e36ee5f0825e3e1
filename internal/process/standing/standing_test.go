package standing

import (
	"errors"
	"testing"
	"time"
)

var errOther = errors.New("other")

func TestSend(t *testing.T) {
	s := Begin(0)
	if err := s.Send(func() error { return errOther }, nil); err != errOther {
		t.Errorf("the send's own error is %v", err)
	}
	stop, slow := make(chan struct{}), make(chan struct{})
	close(stop)
	sent := false
	if err := s.Send(func() error { <-slow; sent = true; return nil }, stop); err != ErrLeft {
		t.Errorf("%v, though nobody is to wait", err)
	}
	if s.IsOver() {
		t.Error("there is no limit")
	}
	close(slow)
	s.End()
	if !sent {
		t.Error("it ends before what is left has been sent")
	}
}

func TestOver(t *testing.T) {
	s := Begin(time.Nanosecond)
	slow := make(chan struct{})
	if err := s.Send(func() error { <-slow; return nil }, nil); err != ErrLeft || !s.IsOver() {
		t.Errorf("%v; over: %v", err, s.IsOver())
	}
	close(slow)
	s.End()
}

// A process that runs is waited for as long as it takes.
func TestNone(t *testing.T) {
	var s *Still
	if s.Over() != nil || s.IsOver() {
		t.Error("it is over")
	}
	stop := make(chan struct{})
	close(stop)
	if err := s.Send(func() error { return errOther }, stop); err != errOther {
		t.Error(err)
	}
	s.End()
}
