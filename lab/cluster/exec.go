package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"

	"openmosix/internal/linux/unixmsg"

	"golang.org/x/sys/unix"
)

// Command is a command to run in a node.
type Command struct {
	Argv    []string
	Env     []string // as os.Environ; the node's programs are put first in PATH
	Dir     string   // "": the caller's, if the node has it, else /
	User    User
	Stdin   *os.File // nil: /dev/null; the same for the other two
	Stdout  *os.File
	Stderr  *os.File
	Forward bool // pass signals of this process on to the command
	NoTTY   bool // never make a terminal in the node

	// Started, if not nil, is called with the pid the command has in the node
	// before anything else is done with it.
	Started func(pid int)
}

// User is who runs a command; the zero value is root.
type User struct {
	UID, GID int
	Groups   []int
}

// Result is how a command ended.
type Result struct {
	Code   int // exit status; 128 + Signal if a signal ended it
	Signal unix.Signal
}

// NotStarted is returned when the command could not be run at all.
type NotStarted struct {
	Code int // what a shell would give: 126 or 127
	Why  string
}

func (e *NotStarted) Error() string { return e.Why }

// forwarded are the signals passed on to a command.
var forwarded = []os.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGTSTP, unix.SIGCONT,
	unix.SIGUSR1, unix.SIGUSR2, unix.SIGWINCH}

func (l *Lab) dial(node int) (*unixmsg.Conn, error) {
	if node < 1 || node > len(l.State.Nodes) {
		return nil, fmt.Errorf("node %d: lab %q has nodes 1 to %d", node, l.name, len(l.State.Nodes))
	}
	c, err := net.DialUnix("unixpacket", nil, &net.UnixAddr{Name: l.socket(node), Net: "unixpacket"})
	if err != nil {
		return nil, fmt.Errorf("node %d does not answer: %w", node, err)
	}
	return overMessages(c)
}

// Exec runs a command in a node and waits for its end. When the context ends,
// or this process dies, the command is hung up (SIGHUP). If standard input is a
// terminal the command gets one of the node's own, and this one shows it.
func (l *Lab) Exec(ctx context.Context, node int, c Command) (Result, error) {
	conn, err := l.dial(node)
	if err != nil {
		return Result{}, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	s := &session{conn: conn, command: c, ended: make(chan struct{})}
	result, err := s.run()
	if ctx.Err() != nil {
		return Result{}, fmt.Errorf("node %d: %w", node, ctx.Err())
	}
	return result, err
}

// session is one Exec.
type session struct {
	conn    *unixmsg.Conn
	command Command
	files   [3]*os.File
	ended   chan struct{}
}

func (s *session) run() (Result, error) {
	req, pass, closeNull, err := s.request()
	if err != nil {
		return Result{}, err
	}
	signals := make(chan os.Signal, 16)
	if s.command.Forward {
		signal.Notify(signals, forwarded...)
		defer signal.Stop(signals)
	}
	err = s.conn.Send(req, pass...)
	closeNull()
	if err != nil {
		return Result{}, err
	}
	var first answer
	got, err := s.conn.Recv(&first)
	if err != nil {
		return Result{}, fmt.Errorf("start command: %w", err)
	}
	if first.Error != "" {
		return Result{}, &NotStarted{first.Code, first.Error}
	}
	if s.command.Started != nil {
		s.command.Started(first.PID)
	}
	var master *os.File
	if len(got) > 0 {
		master = got[0]
		defer master.Close()
	}
	go s.forward(signals, master)
	shown, err := s.show(req, master)
	if err != nil {
		return Result{}, err
	}
	var last answer
	_, err = s.conn.Recv(&last)
	close(s.ended)
	shown()
	if err != nil {
		return Result{}, fmt.Errorf("wait for command: its node is gone: %w", err)
	}
	if last.Signal != 0 {
		return Result{Code: 128 + last.Signal, Signal: unix.Signal(last.Signal)}, nil
	}
	return Result{Code: last.Code}, nil
}

// request decides where each of the three files goes.
func (s *session) request() (req request, pass []*os.File, closeNull func(), err error) {
	c := s.command
	s.files = [3]*os.File{c.Stdin, c.Stdout, c.Stderr}
	req = request{Argv: c.Argv, Env: c.Env, Dir: c.Dir, UID: c.User.UID, GID: c.User.GID, Groups: c.User.Groups}
	if req.Dir == "" {
		req.DirWish = true
		if req.Dir, err = os.Getwd(); err != nil {
			req.Dir = "/"
		}
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return req, nil, nil, err
	}
	interactive := c.Stdin != nil && !c.NoTTY && IsTerminal(c.Stdin)
	if interactive {
		req.Size = sizeOf(int(descriptor(c.Stdin)))
	}
	for i, f := range s.files {
		switch {
		case f == nil:
			pass = append(pass, null)
		case interactive && IsTerminal(f):
			req.Terminal[i] = true
		default:
			if f != os.Stdin && f != os.Stdout && f != os.Stderr {
				// Go's own pipes are non-blocking, which no program expects;
				// asking for the number makes them blocking, as os/exec does.
				f.Fd()
			}
			pass = append(pass, f)
		}
	}
	return req, pass, func() { null.Close() }, nil
}

// show joins the caller's terminal to the node's. The function it returns waits
// until all of the command's output is out, and puts the terminal's mode back.
func (s *session) show(req request, master *os.File) (shown func(), err error) {
	if master == nil {
		return func() {}, nil
	}
	restore, err := makeRaw(int(descriptor(s.files[0])))
	if err != nil {
		return nil, err
	}
	out := io.Discard
	for i := len(s.files) - 1; i > 0; i-- {
		if req.Terminal[i] {
			out = s.files[i]
		}
	}
	drained := make(chan struct{})
	go func() {
		drain(out, master, s.ended)
		close(drained)
	}()
	// Blocks in read until the next key even after the end; the process that
	// has a terminal ends with its command.
	go io.Copy(master, s.files[0])
	return func() {
		<-drained
		restore()
	}, nil
}

func (s *session) forward(signals <-chan os.Signal, master *os.File) {
	for {
		select {
		case <-s.ended:
			return
		case sig := <-signals:
			number, ok := sig.(unix.Signal)
			if !ok {
				continue
			}
			if number == unix.SIGWINCH && master != nil {
				// The terminal in the node tells its foreground group itself.
				_ = setSize(int(descriptor(master)), sizeOf(int(descriptor(s.files[0]))))
				continue
			}
			err := s.conn.Send(note{int(number)})
			if number == unix.SIGTSTP {
				// Our shell is to see that we have stopped; it continues us.
				_ = unix.Kill(os.Getpid(), unix.SIGSTOP)
			}
			if err != nil && !errors.Is(err, unix.EPIPE) {
				return
			}
		}
	}
}

// daemonStatus asks a node's init how its daemon is.
func (l *Lab) daemonStatus(node int) (string, error) {
	conn, err := l.dial(node)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.Send(request{Status: true}); err != nil {
		return "", err
	}
	var a answer
	files, err := conn.Recv(&a)
	closeFiles(files)
	return a.Daemon, err
}
