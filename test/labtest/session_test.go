package labtest

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// nativeLab is a lab whose binary (also by its name in the nodes) runs what it is told to run in a node on the
// machine itself: enough for what does not need nodes.
func nativeLab(t *testing.T) *Lab {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "openmosix")
	text := "#!/bin/sh\nif [ \"$1\" = migrate ]; then echo \"migrate: $2: $3\"; exit \"$2\"; fi\n" +
		"while [ \"$1\" != -- ]; do shift; done\nshift\nexec \"$@\"\n"
	if err := os.WriteFile(binary, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(binary)+":"+os.Getenv("PATH"))
	return &Lab{binary: binary, base: "/none", name: "native", nodes: 3}
}

func TestSession(t *testing.T) {
	s, err := nativeLab(t).Session(context.Background(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, c := range []struct {
		line, text string
		code       int
	}{
		{"echo one; echo two >&2", "one\ntwo", 0},
		{"(exit 7)", "", 7},
		{"printf 'no newline'; false", "no newline", 1},
		{"cat; nosuchcommand 2>/dev/null", "", 127},
	} {
		text, code, err := s.Run(c.line, 10*time.Second)
		if err != nil || text != c.text || code != c.code {
			t.Errorf("%q gives %q, %d, %v", c.line, text, code, err)
		}
	}
	if status, text := s.Migrate(5, 2); status != CannotMove || text != "migrate: 5: 2" {
		t.Errorf("migrate gives %v: %s", status, text)
	}
	if pids, err := s.Trees([]int{os.Getpid()}); err != nil || len(pids) < 2 {
		t.Errorf("the tree of this process is %v, %v", pids, err)
	}
	if _, _, err := s.Run("sleep 1", 20*time.Millisecond); err == nil {
		t.Error("a command that takes too long gives no error")
	}
	if _, _, err := s.Run("true", time.Second); err == nil {
		t.Error("a session that lost an answer goes on")
	}
}

func TestMigrateStatus(t *testing.T) {
	l := nativeLab(t)
	for _, want := range []Status{Moved, CannotMove, EndedMeantime} {
		if status, text := l.Migrate(context.Background(), 1, int(want), Home); status != want {
			t.Errorf("migrate gives %v, not %v: %s", status, want, text)
		}
	}
}

func TestReason(t *testing.T) {
	for text, want := range map[string]string{
		"migrate: 12: cannot move: it is traced\nmore": "cannot move: it is traced",
		"no colon": "no colon",
		"":         "",
	} {
		if got := reason(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}
