package cluster

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"openmosix/internal/linux/unixmsg"

	"golang.org/x/sys/unix"
)

// Exit statuses of a shell for a program that cannot be run, or not be found.
const (
	cannotRun = 126
	notFound  = 127
)

// server answers Exec in a node: one goroutine for each connection, the reaper
// between them.
type server struct {
	reaper *reaper
	daemon *daemon // nil: none wanted
}

func (s *server) serve(l *net.UnixListener) {
	for {
		c, err := l.AcceptUnix()
		if err != nil {
			fmt.Fprintln(os.Stderr, "init: accept:", err)
			return
		}
		conn, err := overMessages(c)
		if err != nil {
			fmt.Fprintln(os.Stderr, "init: accept:", err)
			continue
		}
		go s.attend(conn)
	}
}

// overMessages makes a message connection of an accepted or dialled one.
func overMessages(c *net.UnixConn) (*unixmsg.Conn, error) {
	defer c.Close()
	f, err := c.File()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return unixmsg.FromFD(fd)
}

func (s *server) attend(conn *unixmsg.Conn) {
	defer conn.Close()
	var req request
	files, err := conn.Recv(&req)
	if err != nil {
		return
	}
	if req.Status {
		closeFiles(files)
		_ = conn.Send(answer{Daemon: s.daemon.status()})
		return
	}
	c, err := s.launch(req, files)
	closeFiles(files)
	if err != nil {
		_ = conn.Send(answer{Error: err.Error(), Code: exitStatusOf(err)})
		return
	}
	var master []*os.File
	if c.master != nil {
		master = []*os.File{c.master}
	}
	err = conn.Send(answer{PID: c.pid}, master...)
	closeFiles(master) // the terminal hangs up when Exec is gone
	go s.obey(conn, c)
	status := <-c.ended
	if err == nil {
		_ = conn.Send(answer{Ended: true, Code: status.ExitStatus(), Signal: signalOf(status)})
	}
}

func signalOf(status unix.WaitStatus) int {
	if status.Signaled() {
		return int(status.Signal())
	}
	return 0
}

// obey passes signals on until Exec is gone, then hangs the command up. Signals
// go to the process group: that is who would get them from a terminal.
func (s *server) obey(conn *unixmsg.Conn, c *command) {
	for {
		var n note
		files, err := conn.Recv(&n)
		closeFiles(files)
		if err != nil {
			s.reaper.signalGroup(c.pid, c.ended, unix.SIGHUP)
			s.reaper.signalGroup(c.pid, c.ended, unix.SIGCONT)
			return
		}
		s.reaper.signalGroup(c.pid, c.ended, unix.Signal(n.Signal))
	}
}

// command is a command that runs.
type command struct {
	pid    int
	ended  <-chan unix.WaitStatus
	master *os.File // nil: no terminal of its own
}

func (s *server) launch(req request, files []*os.File) (*command, error) {
	if len(req.Argv) == 0 {
		return nil, errors.New("no command")
	}
	if _, err := os.Stat(req.Dir); err != nil && req.DirWish {
		req.Dir = "/"
	} else if err != nil {
		return nil, fmt.Errorf("change directory: %w", err)
	}
	env, path := nodeEnvironment(req.Env)
	program, err := lookUp(req.Argv[0], path, req.Dir)
	if err != nil {
		return nil, err
	}
	attr := &syscall.ProcAttr{Dir: req.Dir, Env: env, Sys: &syscall.SysProcAttr{
		// A group of its own but not a session, unless it has a terminal: an
		// orphaned process group would not stop at SIGTSTP.
		Setpgid:    true,
		Credential: &syscall.Credential{Uid: uint32(req.UID), Gid: uint32(req.GID)},
	}}
	for _, g := range req.Groups {
		attr.Sys.Credential.Groups = append(attr.Sys.Credential.Groups, uint32(g))
	}
	var t *terminal
	if slices.Contains(req.Terminal[:], true) {
		if t, err = openTerminal(req.Size, req.UID); err != nil {
			return nil, err
		}
		defer t.slave.Close()
		attr.Sys.Setpgid, attr.Sys.Setsid, attr.Sys.Setctty = false, true, true
		attr.Sys.Ctty = slices.Index(req.Terminal[:], true)
	}
	for _, onTerminal := range req.Terminal {
		f := (*os.File)(nil)
		switch {
		case onTerminal:
			f = t.slave
		case len(files) > 0:
			f, files = files[0], files[1:]
		default:
			return nil, errors.New("fewer files than the request speaks of")
		}
		attr.Files = append(attr.Files, descriptor(f))
	}
	c := &command{}
	if c.pid, c.ended, err = s.reaper.start(program, req.Argv, attr); err != nil {
		err = fmt.Errorf("%s: %w", req.Argv[0], err)
	}
	if t != nil {
		c.master = t.master
		if err != nil {
			t.master.Close()
		}
	}
	return c, err
}

// descriptor is the number of a file that stays open. Unlike File.Fd it leaves
// the blocking mode alone, which the file shares with Exec's caller.
func descriptor(f *os.File) uintptr {
	var number uintptr
	if raw, err := f.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { number = fd })
	}
	return number
}

// nodeEnvironment puts the node's own programs first in the PATH, once.
func nodeEnvironment(env []string) (with []string, path string) {
	path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	for _, e := range env {
		if p, ok := strings.CutPrefix(e, "PATH="); ok {
			path = p
			continue
		}
		with = append(with, e)
	}
	if !slices.Contains(filepath.SplitList(path), BinDir) {
		path = BinDir + ":" + path
	}
	return append(with, "PATH="+path), path
}

func lookUp(name, path, dir string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, d := range filepath.SplitList(path) {
		candidate := filepath.Join(d, name)
		if !filepath.IsAbs(candidate) {
			candidate = filepath.Join(dir, candidate)
		}
		if info, err := os.Stat(candidate); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return candidate, nil
		}
	}
	return "", fmt.Errorf("%s: %w", name, exec.ErrNotFound)
}

func exitStatusOf(err error) int {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, unix.ENOENT) {
		return notFound
	}
	return cannotRun
}

func closeFiles(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
