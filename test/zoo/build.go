package zoo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// ErrLacking is wrapped by the errors of programs that this machine lacks
// something for: such a program is skipped, with the reason.
var ErrLacking = errors.New("not on this machine")

const buildLimit = 2 * time.Minute

// Build makes a program ready to be run and returns its path in the cache. A
// program is built once for its content.
func Build(p Program, cache string) (string, error) {
	sum, err := p.sum()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, fmt.Sprintf("%x", sum[:12]))
	path := filepath.Join(dir, p.Name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make cache: %w", err)
	}
	own, err := os.MkdirTemp(dir, "build") // another test, or run of them, may be building it too
	if err != nil {
		return "", fmt.Errorf("make cache: %w", err)
	}
	defer func() { _ = os.RemoveAll(own) }()
	fresh := filepath.Join(own, p.Name)
	if err := p.build(fresh); err != nil {
		return "", err
	}
	if err := os.Rename(fresh, path); err != nil {
		return "", fmt.Errorf("put into cache: %w", err)
	}
	return path, nil
}

func (p Program) build(target string) error {
	switch {
	case strings.HasSuffix(p.Source, ".py"):
		// The interpreter itself: a version manager puts dozens of processes of
		// a shell before it, which are none of the program's.
		where, err := exec.Command("python3", "-c", "import sys; print(sys.executable)").Output()
		if err != nil {
			return fmt.Errorf("%w: python3: %w", ErrLacking, err)
		}
		text, err := os.ReadFile(p.Source)
		if err != nil {
			return err
		}
		text = bytes.Replace(text, []byte("/usr/bin/env python3\n"), where, 1)
		return os.WriteFile(target, text, 0o755)
	case strings.HasSuffix(p.Source, ".c"):
		argv := append([]string{"-O1", "-pthread", "-o", target, p.Source}, p.Flags...)
		return compile("gcc", append(argv, "-lrt"), nil)
	}
	return compile("go", []string{"build", "-o", target, p.Source + "/main.go"}, []string{"CGO_ENABLED=0"})
}

func compile(compiler string, argv, env []string) error {
	if _, err := exec.LookPath(compiler); err != nil {
		return fmt.Errorf("%w: %s", ErrLacking, compiler)
	}
	ctx, cancel := context.WithTimeout(context.Background(), buildLimit)
	defer cancel()
	c := exec.CommandContext(ctx, compiler, argv...)
	c.Env = append(os.Environ(), env...)
	out, err := c.CombinedOutput()
	switch {
	case err == nil:
		return nil
	case bytes.Contains(out, []byte("No such file or directory")), bytes.Contains(out, []byte("cannot find -l")):
		return fmt.Errorf("%w: %s says\n%s", ErrLacking, compiler, out)
	}
	return fmt.Errorf("%s: %w\n%s", compiler, err, out)
}

// sum is over everything that decides what comes out of a build.
func (p Program) sum() ([sha256.Size]byte, error) {
	h := sha256.New()
	fmt.Fprintln(h, p.Name, p.Flags)
	paths, err := filepath.Glob(filepath.Join(filepath.Dir(p.Source), "*.h"))
	if err != nil {
		return [sha256.Size]byte{}, err
	}
	paths = append(paths, p.Source)
	if info, err := os.Stat(p.Source); err != nil {
		return [sha256.Size]byte{}, err
	} else if info.IsDir() {
		paths = []string{filepath.Join(p.Source, "main.go")}
	}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return [sha256.Size]byte{}, fmt.Errorf("read source: %w", err)
		}
		_, err = io.Copy(h, f)
		f.Close()
		if err != nil {
			return [sha256.Size]byte{}, fmt.Errorf("read source: %w", err)
		}
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}
