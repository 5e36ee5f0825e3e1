package daemon

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"openmosix/internal/linux/gowatcher"
	"openmosix/internal/linux/unixmsg"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/lodging"
	"openmosix/internal/node/logging"

	"golang.org/x/sys/unix"
)

const (
	// readyTimeout bounds the start of a supervisor.
	readyTimeout = 10 * time.Second
	// tellTimeout bounds a message to a supervisor whose queue is full.
	tellTimeout = 5 * time.Second
	// killAfter is how long a supervisor that was asked to end may take.
	killAfter = 5 * time.Second
)

// launcher starts supervisors: this very program under another name.
type launcher struct {
	log *slog.Logger
}

// child is a supervisor process that this daemon, or one before it, has started.
type child struct {
	conn   *unixmsg.Conn
	pid    int
	signal func(unix.Signal) error
	socket string // where a later daemon reaches it
	log    *slog.Logger
	exited chan struct{} // closed when it has been reaped
	status error         // ... how it has ended, if badly; set before
	ended  bool          // ... and had ended by itself, in order; set before
	told   atomic.Bool   // to end
	// pledges are what it has given to be held; nil: of such a child nothing is taken.
	pledges *pledges
	// takes is shown events with files, and says whether it has kept the files; nil:
	// no other event may have any. Set before the child is listened to.
	takes func(supervisor.Event, []*os.File) bool
}

// start runs a part in a session of its own, so that neither the daemon's
// death nor a signal to its process group reaches it. who is shown in ps. With
// credentials it has those and no others from its first instruction on; with a
// room it lives in that, before it starts anything. A later daemon reaches it at
// the socket; none: it does without.
func (l launcher) start(part, who, socket string, credential *syscall.Credential, room *lodging.Room) (c *child, err error) {
	conn, theirs, err := unixmsg.Pair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	extra := []*os.File{theirs}
	if socket != "" {
		line, no := unixmsg.Listen(socket)
		if no != nil {
			l.log.Warn("a later daemon will not find this supervisor", "for", who, "error", no)
		} else {
			defer line.Close()
			defer func() {
				if err != nil { // else it goes with the supervisor
					_ = os.Remove(socket)
				}
			}()
			extra = append(extra, line)
		}
	}
	logOut, logIn, err := os.Pipe()
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("make log pipe: %w", err)
	}
	defer logIn.Close()
	cmd := &exec.Cmd{
		Path:        "/proc/self/exe",
		Args:        []string{"openmosix", part, who},
		Env:         []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		Dir:         "/",
		Stderr:      logIn,
		ExtraFiles:  extra,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true, Credential: credential},
	}
	runtime.LockOSThread() // all threads of the supervisor begin as the one it is started by
	gowatcher.UsualOwn()
	err = startIn(room, cmd)
	runtime.UnlockOSThread()
	if err != nil {
		conn.Close()
		logOut.Close()
		return nil, fmt.Errorf("start %s: %w", part, err)
	}
	c = &child{conn: conn, pid: cmd.Process.Pid, socket: socket, exited: make(chan struct{}),
		signal: func(sig unix.Signal) error { return cmd.Process.Signal(sig) },
		log:    l.log.With("supervisor", part, "pid", cmd.Process.Pid, "for", who)}
	go c.relayLog(logOut)
	go c.reap(cmd, room)
	return c, nil
}

// startIn starts a supervisor in a room, if there is one. It waits for its first
// message, so it has started nothing when it is in.
func startIn(room *lodging.Room, cmd *exec.Cmd) error {
	if room == nil {
		return cmd.Start()
	}
	entered, err := room.Birth(cmd.SysProcAttr)
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return errors.Join(err, entered(0))
	}
	if err := entered(cmd.Process.Pid); err != nil {
		_ = cmd.Process.Kill()
		return errors.Join(err, cmd.Wait())
	}
	return nil
}

func (c *child) reap(cmd *exec.Cmd, room *lodging.Room) {
	if room != nil && hasEnded(cmd.Process.Pid) {
		// To reap is to take down what /proc has of it, and where others are taking theirs
		// down the kernel turns until they are done: half a second of CPU time on a node with
		// one CPU, as guests get what is left over. So they get more; it ends with the room.
		room.Hurry(true)
	}
	err := cmd.Wait()
	_ = os.Remove(c.socket)
	switch c.status = err; {
	case err != nil && c.told.Load():
		c.log.Debug("supervisor ended, as it was told", "status", err)
	case err != nil:
		c.log.Warn("supervisor ended badly", "status", err)
	default:
		c.log.Debug("supervisor ended")
		c.ended = true
	}
	close(c.exited)
}

// endedHow says of a supervisor that has ended badly how. Precondition: exited is closed.
func (c *child) endedHow() string {
	if c.status == nil { // nobody here has reaped it, as an earlier daemon has started it
		return "the supervisor that looked after it here has ended"
	}
	return fmt.Sprintf("the supervisor that looked after it here has ended: %v", c.status)
}

// hasEnded waits for the end of a child and leaves it to be reaped.
func hasEnded(pid int) bool {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if err != unix.EINTR {
			return err == nil
		}
	}
}

// relayLog copies what the supervisor prints into the daemon's log, bounded in
// line length and in lines per second: one of them must not fill the disk.
func (c *child) relayLog(from *os.File) {
	defer from.Close()
	const lineBound, linesPerSecond = 4096, 500
	bounded := !c.log.Enabled(context.Background(), slog.LevelDebug) // who debugs wants all of it
	in := bufio.NewReaderSize(from, lineBound)
	second, lines := time.Now(), 0
	for {
		line, err := in.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && len(line) == 0 {
			if err != io.EOF {
				c.log.Debug("log of supervisor ended", "error", err)
			}
			return
		}
		if now := time.Now(); now.Sub(second) >= time.Second {
			second, lines = now, 0
		}
		if lines++; bounded && lines > linesPerSecond {
			continue
		}
		level, text, with := logging.Relayed(strings.TrimRight(string(line), "\n"))
		c.log.LogAttrs(context.Background(), level, text, with...)
	}
}

// tell sends a message; a supervisor that does not read loses it.
func (c *child) tell(m supervisor.FromDaemon, files ...*os.File) error {
	c.conn.SetWriteDeadline(time.Now().Add(tellTimeout))
	if err := c.conn.Send(m, files...); err != nil {
		return fmt.Errorf("tell supervisor %d: %w", c.pid, err)
	}
	return nil
}

// answer is tell of what a supervisor has asked for, and may have ended meanwhile.
func (c *child) answer(m supervisor.FromDaemon) {
	err := c.tell(m)
	switch {
	case errors.Is(err, os.ErrClosed):
		c.log.Debug("a supervisor does not wait for its answer", "error", err)
	case err != nil:
		c.log.Warn("cannot answer supervisor", "error", err)
	}
}

// score tells the kernel how ready to be to kill this process, and what it
// starts, when memory runs out. They inherit it. To go below 0 takes
// CAP_SYS_RESOURCE, which root of a container may lack.
// Precondition: the supervisor waits for Hello, so it has started nothing yet.
func (c *child) score(score int) {
	if err := setOOMScore(c.pid, score); err != nil {
		c.log.Warn("the oom policy for guests is not applied", "error", err)
	}
}

// unboundLocks lets what this supervisor holds lock as much memory as home allows (mlock(2)): what there is of
// memory for guests, locked or not, is for the room to say. Without CAP_SYS_RESOURCE this daemon's own
// limit holds. Precondition as above.
func (c *child) unboundLocks() {
	all := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if err := unix.Prlimit(c.pid, unix.RLIMIT_MEMLOCK, &all, nil); err != nil {
		c.log.Debug("guests may lock as much memory as this daemon", "error", err)
	}
}

// mayBeNice lets this supervisor make what it holds nicer and less nice again (nice(1)), down to what is ordinary.
// Without CAP_SYS_RESOURCE what has become nicer here stays so. Precondition as above.
func (c *child) mayBeNice() {
	const ordinary = 20 // setrlimit(2): the ceiling is 20 - n
	if err := unix.Prlimit(c.pid, unix.RLIMIT_NICE, &unix.Rlimit{Cur: ordinary, Max: ordinary}, nil); err != nil {
		c.log.Debug("guests that become nicer stay so", "error", err)
	}
}

// calm lets the watcher of its runtime sleep longer, which it may not do itself (gowatcher).
// Precondition: it is ready.
func (c *child) calm() {
	if err := gowatcher.CalmOf(c.pid, gowatcher.Supervisor); err != nil {
		c.log.Debug("the runtime's watcher is as busy as ever", "error", err)
	}
}

func setOOMScore(pid, score int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte(strconv.Itoa(score)), 0)
}

// greet sends Hello and waits until the supervisor is ready.
func (c *child) greet(h supervisor.Hello) error {
	if err := c.tell(supervisor.FromDaemon{Hello: &h}); err != nil {
		return err
	}
	_, err := c.awaitReady(1)
	return err
}

// awaitReady gives the pid the supervisor says it has. One that an earlier daemon has started may
// have something to say to that one still.
func (c *child) awaitReady(tries int) (int, error) {
	c.conn.SetReadDeadline(time.Now().Add(readyTimeout))
	var e supervisor.Event
	for range tries {
		e = supervisor.Event{}
		files, err := c.conn.Recv(&e)
		closeAll(files)
		if err == io.EOF {
			return 0, c.endedEarly()
		}
		if err != nil {
			return 0, fmt.Errorf("supervisor %d does not get ready: %w", c.pid, err)
		}
		if e.Kind == supervisor.Ready {
			return e.PID, c.conn.SetReadDeadline(time.Time{})
		}
	}
	return 0, fmt.Errorf("supervisor %d says %q before it is ready: %s", c.pid, e.Kind, e.Text)
}

// endedEarly tells of a supervisor that ended before it was ready.
func (c *child) endedEarly() error {
	select {
	case <-c.exited:
	case <-time.After(time.Second): // nobody reaps it, as an earlier daemon has started it
		return fmt.Errorf("supervisor %d ends before it is ready", c.pid)
	}
	return fmt.Errorf("supervisor %d ended before it was ready (%v): what it said is in the log there", c.pid, c.status)
}

// listen hands each event to f until the supervisor closes its end.
func (c *child) listen(f func(supervisor.Event)) {
	for {
		var e supervisor.Event
		files, err := c.conn.Recv(&e)
		if err != nil {
			closeAll(files)
			c.pledges.end(c.log)
			if err != io.EOF {
				c.log.Warn("supervisor is not understood any more", "error", err)
			}
			c.conn.Close()
			return
		}
		if e.Kind != supervisor.Several {
			c.hear(e, files, f)
			continue
		}
		closeAll(files)
		for _, one := range e.Events {
			if one.Kind != supervisor.Several {
				c.hear(one, nil, f)
			}
		}
	}
}

// hear acts on one event.
func (c *child) hear(e supervisor.Event, files []*os.File, f func(supervisor.Event)) {
	if c.pledges.take(e, files) || len(files) > 0 && c.takes != nil && c.takes(e, files) {
		return
	}
	closeAll(files)
	f(e)
}

func closeAll(files []*os.File) {
	for _, file := range files {
		file.Close()
	}
}

// inOrder waits for the end of a process that has hung up, and tells whether it has ended by itself, in order.
func (c *child) inOrder(ctx context.Context) bool {
	select {
	case <-c.exited:
		return c.ended
	case <-ctx.Done():
		return false
	}
}

// stop asks the process to end, and makes it.
func (c *child) stop() {
	c.told.Store(true)
	_ = c.signal(unix.SIGTERM)
	select {
	case <-c.exited:
	case <-time.After(killAfter):
		_ = c.signal(unix.SIGKILL)
		<-c.exited
	}
}
