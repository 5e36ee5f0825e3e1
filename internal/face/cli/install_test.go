package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestInstall(t *testing.T) {
	root := t.TempDir()
	if got := run(programName, "install", "--root", root); got != (outcome{}) {
		t.Fatalf("%+v", got)
	}
	own := filepath.Join(root, "etc/openmosix/openmosix.toml")
	if err := os.WriteFile(own, []byte("number = 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// Again, over what is there: the configuration stays.
	if got := run(programName, "install", "--root", root); got != (outcome{}) {
		t.Fatalf("%+v", got)
	}
	if text, err := os.ReadFile(own); err != nil || string(text) != "number = 3\n" {
		t.Errorf("the configuration is now %q, %v", text, err)
	}
	var found []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(root, path)
			found = append(found, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"usr/bin/openmosix", "usr/bin/migrate", "usr/bin/showmap", "usr/lib/systemd/system/openmosix.service", "usr/lib/systemd/system/openmosix-hpcfs.service", "etc/init.d/openmosix",
		"usr/share/man/man8/openmosix-node.8", "usr/share/man/man1/migrate.1", "usr/share/bash-completion/completions/openmosix",
		"usr/share/zsh/vendor-completions/_openmosix", "usr/share/fish/vendor_completions.d/openmosix.fish",
	} {
		if !slices.Contains(found, want) {
			t.Errorf("%s is not installed", want)
		}
	}
	if info, err := os.Stat(filepath.Join(root, "usr/bin/mps")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("usr/bin/mps: %v, %v", info, err)
	}
}
