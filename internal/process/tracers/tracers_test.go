package tracers

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestIs(t *testing.T) {
	dir := t.TempDir()
	source := filepath.Join(dir, "program.c")
	text := "#include <sys/ptrace.h>\nint main(int n, char **v) { return n > 9 ? ptrace(PTRACE_TRACEME, 0, 0, 0) : 0; }\n"
	for name, c := range map[string]struct {
		text  string
		flags []string
		is    bool
	}{
		"plain":  {"int main(void) { return 0; }\n", nil, false},
		"ptrace": {text, nil, true},
		"asan":   {"int main(void) { return 0; }\n", []string{"-fsanitize=address"}, true},
		"lsan":   {"int main(void) { return 0; }\n", []string{"-fsanitize=leak"}, true},
		"static": {"int main(void) { return 0; }\n", []string{"-static"}, false},
	} {
		if err := os.WriteFile(source, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		program := filepath.Join(dir, name)
		if out, err := exec.Command("gcc", append(c.flags, "-o", program, source)...).CombinedOutput(); err != nil {
			t.Logf("%s: %v: %s", name, err, out) // not everybody has a sanitizer's library
			continue
		}
		if got := Is(program); got != c.is {
			t.Errorf("%s: %v", name, got)
		}
	}
	if Is(source) || Is(filepath.Join(dir, "none")) || Is(dir) {
		t.Error("no program")
	}
}

// FuzzIs: a program's file is its owner's, who may write anything into it.
func FuzzIs(f *testing.F) {
	own, err := os.ReadFile("/bin/true")
	if err != nil {
		f.Skip(err)
	}
	f.Add(own[:min(len(own), 64<<10)])
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "program")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		Is(path)
	})
}
