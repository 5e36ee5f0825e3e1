package cluster

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestMain lets the test binary be its labs' hub and inits.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == groupVerb {
		switch os.Args[2] {
		case HubVerb:
			os.Exit(RunHub())
		case InitVerb:
			os.Exit(RunInit())
		case "exec-and-exit":
			os.Exit(execAndExit(os.Args[3:]))
		case "up-then-wait":
			os.Exit(upThenWait(os.Args[3]))
		}
	}
	code := m.Run()
	if shared.lab != nil {
		if err := shared.lab.Down(); err != nil {
			os.Stderr.WriteString("lab down: " + err.Error() + "\n")
			code = 1
		}
		os.RemoveAll(shared.base)
	}
	os.Exit(code)
}

var shared struct {
	once sync.Once
	base string
	lab  *Lab
	err  error
}

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: makes namespaces and links")
	}
}

// sharedLab is the lab of two nodes that the tests without side effects share.
func sharedLab(t *testing.T) *Lab {
	t.Helper()
	needRoot(t)
	shared.once.Do(func() {
		if shared.base, shared.err = os.MkdirTemp("", "labtest"); shared.err != nil {
			return
		}
		shared.lab, shared.err = Up(context.Background(), Options{Base: filepath.Join(shared.base, "labs"), Name: "shared", Nodes: 2, Bound: true})
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.lab
}

func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// sh runs a shell command in a node and returns what it printed.
func sh(t *testing.T, l *Lab, node int, script string) (string, Result) {
	t.Helper()
	out, result, err := run(limited(t), l, node, script)
	if err != nil {
		t.Fatal(err)
	}
	return out, result
}

// run is sh for any goroutine.
func run(ctx context.Context, l *Lab, node int, script string) (string, Result, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", Result{}, err
	}
	defer r.Close()
	out := make(chan string, 1)
	go func() {
		data, _ := io.ReadAll(r)
		out <- string(data)
	}()
	result, err := l.Exec(ctx, node, Command{
		Argv: []string{"/bin/sh", "-c", script}, Env: os.Environ(), Stdout: w, Stderr: w,
	})
	w.Close()
	if err != nil {
		return "", Result{}, err
	}
	return <-out, result, nil
}
