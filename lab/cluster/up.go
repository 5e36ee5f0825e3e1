package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Lab is a lab that is up.
type Lab struct {
	place
	State State
	leash *os.File // held by the caller of Up for a bound lab
}

// report is what hub and init say about their start, once.
type report struct {
	Error string
	State *State // hub only
}

// keep is the hub's second message: the lab is to outlive its maker.
type keep struct {
	Keep bool
}

// startTime bounds the start of the whole lab.
const startTime = 60 * time.Second

// Up makes a lab and returns when every node answers. When it fails, or when
// its caller dies meanwhile, nothing of the lab stays.
// Precondition: root.
func Up(ctx context.Context, o Options) (*Lab, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	if os.Geteuid() != 0 {
		return nil, errors.New("making namespaces and network links takes root: use sudo")
	}
	p := place{o.Base, o.Name}
	if err := p.claim(); err != nil {
		return nil, err
	}
	lab, err := startHub(ctx, p, o)
	if err != nil {
		return nil, errors.Join(err, takeDown(p))
	}
	return lab, nil
}

// claim makes the lab's directory; that it can be made only once is the lock
// against two labs of one name.
func (p place) claim() error {
	alive, err := members(p.dir())
	if err != nil {
		return err
	}
	// The base may go with another lab between the two calls.
	for try := 0; try < 3 && len(alive) == 0; try++ {
		if err = os.MkdirAll(p.base, 0o711); err == nil {
			err = os.Mkdir(p.dir(), 0o700)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if len(alive) > 0 || errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("lab %q exists already; remove it first (openmosix lab down --dir %s --name %s) or choose another --name", p.name, p.base, p.name)
	}
	if err != nil {
		return fmt.Errorf("make lab directory: %w", err)
	}
	return nil
}

func startHub(ctx context.Context, p place, o Options) (*Lab, error) {
	log, err := os.OpenFile(p.log("hub"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make hub log: %w", err)
	}
	defer log.Close()
	if o.Binary == "" {
		if o.Binary, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("find own executable: %w", err)
		}
	}
	cmd := &exec.Cmd{
		Path: o.Binary, Args: p.hubArgs(), Dir: "/", Env: cleanEnvironment(),
		Stdout: log, Stderr: log,
		SysProcAttr: &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Setsid: true},
	}
	leash, answer, err := startLeashed(cmd)
	if err != nil {
		return nil, fmt.Errorf("start hub: %w", err)
	}
	go cmd.Wait() // the hub ends in Down; it must not stay a zombie of this process
	r, err := orderAndWait(ctx, leash, answer, o)
	if err != nil {
		leash.Close()
		return nil, fmt.Errorf("start lab: %w (log: %s)", err, tail(p.log("hub")))
	}
	lab := &Lab{place: p, State: *r.State}
	if o.Bound {
		lab.leash = leash
		return lab, nil
	}
	defer leash.Close()
	if err := json.NewEncoder(leash).Encode(keep{true}); err != nil {
		return nil, fmt.Errorf("keep lab: %w", err)
	}
	return lab, nil
}

// startLeashed starts cmd with a pipe as standard input that carries its orders
// and stays open for as long as the process is wanted, and with descriptor 3 on
// which it reports. The first extra file of cmd, if any, becomes descriptor 4.
func startLeashed(cmd *exec.Cmd) (leash *os.File, answer *os.File, err error) {
	input, leash, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	defer input.Close()
	answer, output, err := os.Pipe()
	if err != nil {
		leash.Close()
		return nil, nil, err
	}
	defer output.Close()
	cmd.Stdin = input
	cmd.ExtraFiles = append([]*os.File{output}, cmd.ExtraFiles...)
	if err = cmd.Start(); err != nil {
		leash.Close()
		answer.Close()
		return nil, nil, err
	}
	return leash, answer, nil
}

// orderAndWait gives a leashed process its orders and waits for its report.
func orderAndWait(ctx context.Context, leash, answer *os.File, orders any) (report, error) {
	defer answer.Close()
	if err := json.NewEncoder(leash).Encode(orders); err != nil {
		return report{}, fmt.Errorf("give orders: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	defer context.AfterFunc(ctx, func() { answer.SetReadDeadline(time.Unix(1, 0)) })()
	var r report
	err := json.NewDecoder(answer).Decode(&r)
	switch {
	case ctx.Err() != nil:
		return r, ctx.Err()
	case errors.Is(err, io.EOF):
		return r, errors.New("it ended without a word")
	case err != nil:
		return r, err
	case r.Error != "":
		return r, errors.New(r.Error)
	}
	return r, nil
}

// Open finds a lab that is up.
func Open(base, name string) (*Lab, error) {
	o := Options{Base: base, Name: name, Nodes: 1}
	if err := o.complete(); err != nil {
		return nil, err
	}
	p := place{o.Base, o.Name}
	s, err := p.load()
	if err != nil {
		return nil, err
	}
	return &Lab{place: p, State: *s}, nil
}

// cleanEnvironment is what hub, inits and daemons run with: nothing of the
// shell that typed lab up.
func cleanEnvironment() []string {
	env := []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"}
	for _, name := range []string{"GOTRACEBACK", "GODEBUG", "GORACE", "GOCOVERDIR", "OPENMOSIX_LOG", "OPENMOSIX_VDSO", "OPENMOSIX_FAULT"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// tail is the end of a log, for an error text.
func tail(path string) string {
	const most = 600
	data, err := os.ReadFile(path)
	if err != nil || len(data) == 0 {
		return "empty"
	}
	return string(data[max(0, len(data)-most):])
}
