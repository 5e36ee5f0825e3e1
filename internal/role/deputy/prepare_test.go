package deputy

import (
	"errors"
	"os"
	"testing"
)

// What is met while another program is executed is told as that, and tried again; anything else as it is.
func TestWhatAnExecveLooksLike(t *testing.T) {
	s, _, _ := employed(t)
	p := &proc{s: s, Process: s.fam.NewChild(os.Getpid(), os.Getpid())}
	met := errors.New("scan pages: use of closed file")
	if err := s.orExecs(p, 0, met); err != met {
		t.Errorf("without an execve: %v", err)
	}
	s.fam.Loop.Post(func() { p.Execs++ })
	if err := s.orExecs(p, 0, met); err != errExecs {
		t.Errorf("beside an execve: %v", err)
	}
}
