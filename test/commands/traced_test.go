package commands

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"openmosix/test/labtest"
)

// Who is away and has itself traced comes home for it, and is nobody else's tracee there, whether it was moved or has begun there; under mosrun it is let go.
func TestTracedByAnother(t *testing.T) {
	program := filepath.Join(labtest.Scratch(t), "traced")
	if out, err := exec.Command("gcc", "-O1", "-o", program, "testdata/traced.c").CombinedOutput(); err != nil {
		t.Skipf("gcc: %v: %s", err, out)
	}
	l := labtest.Up(t, 2)
	for _, who := range []string{"tracer", "child"} {
		for name, script := range map[string]string{
			"at home": `"$0" "$1"`,
			"moved":   `"$0" "$1" wait & p=$!; sleep 0.3; openmosix migrate $p 2; kill -USR1 $p; wait $p`,
			"begun":   `openmosix mosrun -2 "$0" "$1"`,
			"mosrun":  `openmosix mosrun "$0" "$1"`,
			"below":   `openmosix mosrun sh -c '"$0" "$1"; exit $?' "$0" "$1"`,
		} {
			t.Run(who+"/"+name, func(t *testing.T) {
				out, err := l.Command(t.Context(), 1, "/", "sh", "-c", script+"\necho ended $?", program, who).CombinedOutput()
				if got := strings.TrimSpace(string(out)); err != nil || got != "ended 0" {
					t.Errorf("%v:\n%s", err, got)
				}
			})
		}
	}
}
