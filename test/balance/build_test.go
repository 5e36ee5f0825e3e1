package balance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"openmosix/test/labtest"
)

// A build under mosrun gives the same objects as one without: with every program
// of it begun on node 2, and with each where it suits.
func TestBuildIsPlaced(t *testing.T) {
	lab := labtest.UpBalanced(t, 0, runtime.NumCPU()-1)
	w := newWorkers(t, lab)
	const files = 16
	rules := "all: " + "\n\tcat $^ >all\n%.o: %.c\n\tgcc -O2 -c $< -o $@\nall:"
	for i := range files {
		name := fmt.Sprintf("f%d", i)
		text := fmt.Sprintf("#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include \"own.h\"\nint %s(int n) { char b[%d]; snprintf(b, sizeof b, \"%%d\", OWN(n)); return atoi(b) + (int)strlen(b); }\n", name, 64+i)
		if err := os.WriteFile(filepath.Join(w.dir, name+".c"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		rules += " " + name + ".o"
	}
	for name, text := range map[string]string{"own.h": "#define OWN(n) ((n) * 3)\n", "Makefile": rules + "\n"} {
		if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := func(how string) string {
		return w.do(1, "cd "+w.dir+" && rm -f *.o all && "+how+" make -s -j4 >&2 && cat *.o all | sha256sum")
	}
	want := build("")
	for _, how := range []string{"mosrun -2", "mosrun"} {
		if got := build(labtest.InNode + " " + how); got != want {
			t.Errorf("%s: the objects differ", how)
		}
	}
	// At the least each compiler, its assembler and their drivers.
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	seen := fmt.Sprintf("%s events --kind moved --since 1h -n %d", labtest.InNode, 3*files)
	if out, err := lab.Command(ctx, 1, "/", "/bin/sh", "-c", seen).CombinedOutput(); err != nil {
		t.Errorf("not so many programs were placed: %v: %s", err, out)
	}
}
