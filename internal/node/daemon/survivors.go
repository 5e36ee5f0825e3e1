package daemon

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"openmosix/internal/linux/pidfd"
	"openmosix/internal/linux/unixmsg"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"
)

// Supervisors outlive the daemon that started them. Each listens on a socket
// that its first daemon made for it, in a directory only root can enter; the
// socket's name says what it looks after.

// socketPath is in the directory of the supervisors' sockets.
func (d *Daemon) socketPath(name string) string {
	return filepath.Join(d.config.RunDir, "supervisors", name)
}

const (
	homeForm  = "home-%d-%d"          // pid, time of the start
	guestForm = "guest-%32s-%d-%d-%d" // session, uid, home node, pid there
)

func homeSocket(pid int) string { return fmt.Sprintf(homeForm, pid, time.Now().UnixNano()) }

func guestSocket(g *guest) string {
	return fmt.Sprintf(guestForm, hex.EncodeToString(g.session[:]), g.uid, g.home, g.about.PID)
}

// findSurvivors takes over the supervisors of an earlier daemon.
func (d *Daemon) findSurvivors() {
	entries, err := os.ReadDir(d.socketPath(""))
	if err != nil {
		d.log.Warn("cannot look for supervisors of an earlier daemon", "error", err)
		return
	}
	var group sync.WaitGroup
	for _, e := range entries {
		group.Go(func() {
			if err := d.takeOver(e.Name()); err != nil {
				go sweep(d.socketPath(e.Name())) // it may be ending while it was greeted
				d.log.Info("a supervisor of an earlier daemon is gone", "which", e.Name(), "why", err)
			}
		})
	}
	group.Wait()
	d.forgetAbout()
}

// sweep removes a socket as soon as nobody listens at it. A supervisor that is
// just ending still does: the daemon that would have removed its socket is gone.
func sweep(path string) {
	for range sweepTries {
		conn, err := unixmsg.Connect(path)
		if err != nil {
			_ = os.Remove(path)
			return
		}
		conn.Close()
		time.Sleep(sweepPause)
	}
}

const (
	sweepTries = 100
	sweepPause = 100 * time.Millisecond
)

func (d *Daemon) takeOver(name string) error {
	path := d.socketPath(name)
	conn, err := unixmsg.Connect(path)
	if err != nil {
		return err
	}
	var pid int
	var started int64
	if n, _ := fmt.Sscanf(name, homeForm, &pid, &started); n == 2 {
		return d.takeOverHome(conn, path, pid)
	}
	g := &guest{ended: make(chan struct{}), told: make(chan struct{}, 1), asking: make(chan struct{}, maxAsking), connected: true}
	var session string
	if n, _ := fmt.Sscanf(name, guestForm, &session, &g.uid, &g.home, &g.about.PID); n != 4 {
		conn.Close()
		return fmt.Errorf("a name of no known form")
	}
	raw, err := hex.DecodeString(session)
	if err != nil || copy(g.session[:], raw) != len(g.session) {
		conn.Close()
		return fmt.Errorf("a name of no known form")
	}
	g.kept = d.aboutPath(g)
	d.recallAbout(g)
	hello, err := d.hello(trust.Guest)
	hello.Session = g.session
	if err == nil {
		g.child, err = d.greetAgain(conn, path, hello, int(g.uid))
	}
	if err != nil {
		conn.Close()
		return err
	}
	if g.room, err = d.house.Room(g.name()); err != nil {
		conn.Close()
		return err
	}
	d.guests.slots.keep(g.uid, g.home)
	d.guests.add(g)
	d.log.Info("a guest is found again", "home", g.home, "process", g.about.PID, "supervisor", g.child.pid)
	return nil
}

func (d *Daemon) takeOverHome(conn *unixmsg.Conn, path string, pid int) error {
	hello, err := d.homeHello()
	var c *child
	if err == nil {
		c, err = d.greetAgain(conn, path, hello, 0)
	}
	if err != nil {
		conn.Close()
		return err
	}
	h := d.homes.place(pid)
	h.begin(c, nil, d)
	d.log.Info("a home supervisor is found again", "process", pid, "supervisor", c.pid)
	ctx, cancel := context.WithTimeout(context.Background(), tellTimeout)
	defer cancel()
	_, err = h.request(ctx, supervisor.Request{Verb: supervisor.Describe}, func(supervisor.Event) {})
	return err
}

// mostBefore bounds what a supervisor may have to say to the daemon before this one.
const mostBefore = 256

// greetAgain makes a child of a supervisor that somebody else has started. It
// says itself which process it is, so that is looked at.
func (d *Daemon) greetAgain(conn *unixmsg.Conn, path string, hello supervisor.Hello, uid int) (*child, error) {
	logOut, logIn, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer logIn.Close()
	c := &child{conn: conn, socket: path, exited: make(chan struct{}), log: d.log}
	if err := c.tell(supervisor.FromDaemon{Hello: &hello}, logIn); err != nil {
		logOut.Close()
		return nil, err
	}
	if c.pid, err = c.awaitReady(mostBefore); err != nil {
		logOut.Close()
		return nil, err
	}
	fd, err := pidfd.Open(c.pid)
	if err != nil {
		logOut.Close()
		return nil, err
	}
	status, err := d.proc.Status(c.pid)
	if err != nil || status.Uid[0] != uid || status.Tgid != c.pid {
		logOut.Close()
		_ = fd.Close()
		return nil, fmt.Errorf("process %d is not the supervisor it claims to be", c.pid)
	}
	c.signal = fd.Signal
	c.log = d.log.With("supervisor", filepath.Base(path), "pid", c.pid)
	go c.relayLog(logOut)
	go func() {
		if _, err := fd.Ended(-1); err != nil {
			c.log.Warn("cannot wait for a supervisor", "error", err)
		}
		_ = os.Remove(path)
		close(c.exited) // its descriptor stays open: stop may still signal it
	}()
	return c, nil
}
