package daemon

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
	"openmosix/internal/node/policy"
)

// Bounds on what a node may tell of a guest: they are for people, and come from
// another node.
const (
	maxCommand   = 64
	maxArguments = 32
	maxArgument  = 256
)

// disclosed leaves out of a request what the lender is not to be told.
func (d *Daemon) disclosed(o supervisor.Open) supervisor.Open {
	p, err := d.policies.Of(o.PID)
	if err != nil {
		p.Disclosure = policy.TellNothing
	}
	return telling(o, p.Disclosure)
}

// telling keeps what a level tells, and bounds it.
func telling(o supervisor.Open, level int) supervisor.Open {
	o.Disclosed = min(max(level, policy.TellNothing), policy.TellCommand)
	if o.Disclosed < policy.TellPID {
		o.PID = 0
	}
	if o.Disclosed < policy.TellUser {
		o.UID, o.GID = 0, 0
	}
	if o.Disclosed < policy.TellCommand {
		o.Command, o.Args = "", nil
	}
	o.Command = o.Command[:min(len(o.Command), maxCommand)]
	o.Args = o.Args[:min(len(o.Args), maxArguments)]
	for i, a := range o.Args {
		o.Args[i] = a[:min(len(a), maxArgument)]
	}
	return o
}

// guestOf is a guest as its home has disclosed it, and no more: the daemon
// knows its number at any level, because it speaks of it with its supervisor.
func guestOf(p supervisor.Proc, about supervisor.Open) control.Guest {
	g := control.Guest{PID: p.PID, Home: p.Node, RSS: p.RSS, CPU: p.CPUMicros, Disclosed: about.Disclosed}
	if about.Disclosed >= policy.TellPID {
		g.HomePID = p.HomePID
	}
	if about.Disclosed >= policy.TellUser {
		g.UID, g.GID = &about.UID, &about.GID
	}
	// A child that came into being here was not told of.
	if about.Disclosed >= policy.TellCommand && p.HomePID == about.PID {
		g.Command, g.Args = about.Command, about.Args
	}
	return g
}

// shown lists the guests as they were disclosed.
func (r *guests) shown() []control.Guest {
	var out []control.Guest
	for _, p := range r.lent() {
		r.mu.Lock()
		about := supervisor.Open{}
		for _, g := range r.bySession {
			if hex.EncodeToString(g.session[:4]) == p.Session {
				about = g.about
			}
		}
		r.mu.Unlock()
		out = append(out, guestOf(p, about))
	}
	return out
}

// undisclosed are the numbers at home that are not to be shown.
func (r *guests) undisclosed() map[int]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	hidden := make(map[int]bool)
	for _, g := range r.bySession {
		for _, p := range g.procs {
			if g.about.Disclosed < policy.TellPID {
				hidden[p.HomePID] = true
			}
		}
	}
	return hidden
}

// What was disclosed is kept beside the guest's supervisor, for the next daemon.

func (d *Daemon) aboutDir() string { return filepath.Join(d.config.RunDir, "guests") }

func (d *Daemon) aboutPath(g *guest) string {
	return filepath.Join(d.aboutDir(), hex.EncodeToString(g.session[:])+".json")
}

func (d *Daemon) keepAbout(g *guest) {
	text, err := json.Marshal(g.about)
	if err == nil {
		err = os.WriteFile(d.aboutPath(g), text, 0o600)
	}
	if err != nil {
		d.log.Warn("a later daemon will not know what was disclosed of a guest", "error", err)
	}
}

// recallAbout reads it. Without the file nothing was disclosed.
func (d *Daemon) recallAbout(g *guest) {
	text, err := os.ReadFile(d.aboutPath(g))
	if err == nil {
		err = json.Unmarshal(text, &g.about)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.log.Warn("what was disclosed of a guest is not known any more", "error", err)
	}
	g.about = telling(g.about, g.about.Disclosed)
}

// forgetAbout removes the files of guests that are not there.
func (d *Daemon) forgetAbout() {
	entries, err := os.ReadDir(d.aboutDir())
	if err != nil {
		return // nobody has come yet
	}
	here := make(map[string]bool)
	for _, g := range d.guests.list() {
		here[filepath.Base(d.aboutPath(g))] = true
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".json") && !here[e.Name()] {
			_ = os.Remove(filepath.Join(d.aboutDir(), e.Name()))
		}
	}
}

func (d *Daemon) makeAboutDir() error {
	if err := os.MkdirAll(d.aboutDir(), 0o700); err != nil {
		return fmt.Errorf("make directory of guests: %w", err)
	}
	return nil
}
