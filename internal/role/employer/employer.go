// Package employer is a supervisor's side of its conversation with the node
// daemon that has started it: the greeting, the log, and the daemons that come
// after that one. What is asked and told is the supervisor's affair; it goes on
// without a daemon, since its processes do not depend on one.
//
// Recv is called by one goroutine; everything else by any.
package employer

import (
	"fmt"
	"log/slog"
	"os"
	"sync"

	"openmosix/internal/linux/fault"
	"openmosix/internal/linux/timeslice"
	"openmosix/internal/linux/unixmsg"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/process/filehash"

	"golang.org/x/sys/unix"
)

// Descriptors a supervisor is started with.
const (
	daemonFD = 3 // the socket to the daemon
	laterFD  = 4 // the one at which a later daemon comes
)

// Daemon is the node daemon, as a supervisor sees it.
type Daemon struct {
	Log    *slog.Logger
	Hashes *filehash.Cache
	line   *unixmsg.Lifeline
	quiet  quiet
	// several: there has been more than one thread to serve.
	several sync.Once
	heirs   heirs
	later   later

	mu    sync.Mutex
	hello supervisor.Hello
}

// Meet takes the daemon's greeting.
func Meet(f *fault.Fault) (*Daemon, error) {
	conn, err := unixmsg.FromFD(daemonFD)
	if err != nil {
		return nil, fmt.Errorf("no socket to the daemon: %w", err)
	}
	d, err := Greeted(f, conn, laterFD)
	if err != nil {
		return nil, err
	}
	// Processes wait for what a supervisor does, on CPUs that are busy as a rule.
	if err := timeslice.SetOwn(timeslice.Short); err != nil {
		d.Log.Debug("an ordinary time slice", "error", err)
	}
	if err := calmRuntime(); err != nil { // the daemon of a guest's supervisor, which may not, does it
		d.Log.Debug("the runtime's watcher is as busy as ever", "error", err)
	}
	return d, nil
}

// Greeted takes the greeting of the daemon behind conn. A later one comes at the socket
// behind the descriptor later, if it is one.
func Greeted(f *fault.Fault, conn *unixmsg.Conn, later int) (*Daemon, error) {
	var first supervisor.FromDaemon
	if _, err := conn.Recv(&first); err != nil {
		return nil, fmt.Errorf("no greeting from the daemon: %w", err)
	}
	if first.Hello == nil {
		return nil, fmt.Errorf("the daemon does not begin with a greeting")
	}
	d := &Daemon{line: unixmsg.NewLifeline(conn, later), hello: *first.Hello}
	var level slog.Level
	_ = level.UnmarshalText([]byte(d.hello.Log)) // an unknown word means info
	d.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	if err := f.Set(d.hello.Fault); err != nil {
		d.Log.Error("no fault", "error", err)
	}
	var err error
	if d.Hashes, err = filehash.Open(d.hello.StateDir); err != nil {
		d.Log.Debug("hashes are not kept", "error", err) // it works from memory
	}
	return d, nil
}

// Ready tells the daemon that the supervisor can be asked. What was to be told before is nothing
// to one that is new.
func (d *Daemon) Ready() {
	d.later.sending.Lock()
	defer d.later.sending.Unlock()
	if events := d.later.take(); !d.later.absent {
		d.flush(events)
	}
	d.later.absent = false
	if err := d.send(supervisor.Event{Kind: supervisor.Ready, PID: os.Getpid()}); err != nil {
		d.Log.Debug("the daemon is not told that this supervisor is ready", "error", err)
	}
}

// Recv takes the next message. A greeting in it is a fresh certificate, another
// limit, or the first word of a new daemon, with a new place for the log; it has been acted on.
func (d *Daemon) Recv(m *supervisor.FromDaemon) ([]*os.File, error) {
	files, err := d.line.Recv(m)
	d.settle()
	if err != nil || m.Hello == nil {
		return files, err
	}
	d.mu.Lock()
	d.hello.Identity, d.hello.Still, d.hello.Reconnect = m.Hello.Identity, m.Hello.Still, m.Hello.Reconnect
	d.mu.Unlock()
	if len(files) == 1 {
		_ = unix.Dup3(int(files[0].Fd()), int(os.Stderr.Fd()), 0)
	}
	d.Ready()
	return files, nil
}

// Rejoin waits for a later daemon. What is told before its greeting has come is missed.
func (d *Daemon) Rejoin() error {
	d.later.sending.Lock()
	d.later.absent = true
	d.later.sending.Unlock()
	return d.line.Rejoin()
}

// Hello is the greeting, with the latest certificate.
func (d *Daemon) Hello() supervisor.Hello {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.hello
}
