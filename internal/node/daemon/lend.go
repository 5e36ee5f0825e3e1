package daemon

import (
	"crypto/rand"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"openmosix/internal/model/event"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"
	"openmosix/internal/node/config"
	"openmosix/internal/node/policy"
	"openmosix/internal/node/reexec"
)

// connectTimeout is how long a fresh guest supervisor waits for its home.
const connectTimeout = 30 * time.Second

// lend answers another node that wants to run a process here: it says no with
// a reason, or starts a guest supervisor for it.
func (d *Daemon) lend(from trust.Name, o supervisor.Open) supervisor.Opened {
	o = telling(o, o.Disclosed) // a node may say more than it says it does
	if why := d.speaksWith(from.Node, o); why != "" {
		return d.refuseToLend(from.Node, o, supervisor.Refused, "%s", why)
	}
	if no := d.mayLend(from.Node, o); no.Code != "" {
		return no
	}
	g, err := d.startGuest(from, o)
	if err != nil {
		return d.refuseToLend(from.Node, o, supervisor.Refused, "%v", err)
	}
	d.happened(&event.Guest{Is: event.GuestTaken, Home: from.Node, HomePID: o.PID, Command: o.Command})
	g.child.log.Debug("a guest's supervisor", "uid", g.uid)
	return supervisor.Opened{ID: o.ID, Session: g.session}
}

// lendAgain answers a guest supervisor whose home sends it one more process.
func (d *Daemon) lendAgain(g *guest, o supervisor.Open) supervisor.Opened {
	if g.about.Disclosed < policy.TellPID {
		o.PID = 0
	}
	if no := d.mayLend(g.home, o); no.Code != "" {
		return no
	}
	d.guests.promise(g, o.Need.Memory)
	d.log.Debug("lending", "home", g.home, "process", o.PID, "supervisor", g.child.pid)
	return supervisor.Opened{ID: o.ID, Session: g.session}
}

func (d *Daemon) refuseToLend(home int, o supervisor.Open, code supervisor.Code, format string, args ...any) supervisor.Opened {
	text := fmt.Sprintf("node %d: ", d.config.Number) + fmt.Sprintf(format, args...)
	d.happened(&event.Guest{Is: event.GuestRefused, Home: home, HomePID: o.PID, Command: o.Command, Code: string(code), Reason: text})
	return supervisor.Opened{ID: o.ID, Code: code, Text: text}
}

// mayLend says why a process of another node may not come; no code: it may.
func (d *Daemon) mayLend(home int, o supervisor.Open) supervisor.Opened {
	no := func(code supervisor.Code, format string, args ...any) supervisor.Opened {
		return d.refuseToLend(home, o, code, format, args...)
	}
	if d.leaving.Load() {
		return no(supervisor.Refused, "goes down")
	}
	if d.settings.Now().Block {
		return no(supervisor.Refused, "lends nothing (`mosctl noblock` there changes that)")
	}
	if why := d.owner.refuses(); why != "" {
		return no(supervisor.Refused, "%s", why)
	}
	// Its number would not tell whose process it is.
	if twins := d.twinsOf(home); len(twins) > 0 {
		return no(supervisor.Refused, "node number %d is taken twice, by %s too", home, strings.Join(twins, ", "))
	}
	if busy := d.busy(); busy != "" {
		return no(supervisor.Refused, "%s", busy)
	}
	if lacks := d.machine.Lacks(o.Need); len(lacks) > 0 {
		return no(supervisor.LacksCPU, "its CPU lacks what the process may use: %s", strings.Join(lacks, ", "))
	}
	if each := d.live.Load().Guests.EachMemory << 20; each > 0 && o.Need.Memory+supervisorHolds > each {
		return no(supervisor.NoMemory, "%d MiB are needed, and %d MiB is what a guest may have with its supervisor (guests.each_memory_mib)", o.Need.Memory>>20, each>>20)
	}
	if each := d.live.Load().Guests.EachPIDs; each > 0 && o.Need.Threads+supervisorThreads > each {
		return no(supervisor.Refused, "the process has %d threads, and %d processes and threads is what a guest may have with its supervisor (guests.each_pids)", o.Need.Threads, each)
	}
	free, err := d.memoryForGuests()
	if err != nil {
		return no(supervisor.Internal, "%v", err)
	}
	if o.Need.Memory > free { // what is held is worth less than that
		d.guests.holdings.yield(o.Need.Memory - free)
		if free, err = d.memoryForGuests(); err != nil {
			return no(supervisor.Internal, "%v", err)
		}
	}
	if o.Need.Memory > free {
		return no(supervisor.NoMemory, "%d MiB are needed, %d MiB can be lent", o.Need.Memory>>20, free>>20)
	}
	return supervisor.Opened{}
}

// memoryForGuests is what is available beyond what is kept spare and what
// earlier guests were promised.
func (d *Daemon) memoryForGuests() (uint64, error) {
	_, available, err := d.machine.Memory()
	if err != nil {
		return 0, err
	}
	return d.spared(available), nil
}

// spared is what is left to give of memory that is available.
func (d *Daemon) spared(available uint64) uint64 {
	g, reserved := d.live.Load().Guests, d.guests.reserved()
	kept := g.Spare<<20 + reserved
	free := available - min(available, kept)
	if g.Memory == 0 {
		return free
	}
	// Beyond its limit the kernel kills a guest: who would not fit is not to come.
	used, sessions := d.guests.hold()
	used += reserved + uint64(sessions+1)*supervisorHolds
	return min(free, g.Memory<<20-min(g.Memory<<20, used))
}

// What a guest supervisor uses of the memory, and of the processes and threads, that a session may have.
const (
	supervisorHolds   = 24 << 20
	supervisorThreads = 16
)

func (d *Daemon) startGuest(from trust.Name, o supervisor.Open) (*guest, error) {
	several := slices.ContainsFunc(d.nodes.List(), func(p config.Peer) bool { return p.Number != d.config.Number && p.Number != from.Node })
	uid, err := d.guests.slots.take(from.Node, several)
	if err != nil {
		return nil, err
	}
	g := &guest{home: from.Node, about: o, uid: uid, promised: o.Need.Memory, since: time.Now(), ended: make(chan struct{}), told: make(chan struct{}, 1), asking: make(chan struct{}, maxAsking)}
	if _, err := rand.Read(g.session[:]); err != nil {
		d.guests.slots.put(uid)
		return nil, fmt.Errorf("draw session: %w", err)
	}
	d.house.Configure(d.limits())
	if g.room, err = d.house.Room(g.name()); err != nil {
		d.guests.slots.put(uid)
		return nil, err
	}
	// To arrive needs CPU time, as to leave does.
	defer d.guests.hasten(g)()
	// Groups is set to none: an empty list takes all supplementary groups away.
	credential := &syscall.Credential{Uid: uid, Gid: uid, Groups: []uint32{}}
	g.child, err = d.launch.start(reexec.GuestSupervisor, fmt.Sprintf("node%d:%d", from.Node, o.PID), d.socketPath(guestSocket(g)), credential, g.room)
	if err != nil {
		g.room.Close()
		d.guests.slots.put(uid)
		return nil, err
	}
	g.kept = d.aboutPath(g)
	d.keepAbout(g)
	g.child.score(scores[d.live.Load().Guests.OOM])
	g.child.unboundLocks()
	g.child.mayBeNice()
	hello, err := d.hello(trust.Guest)
	hello.Session, hello.Keeps, hello.Processes = g.session, d.guests.keeps.Largest(), g.room.Processes()
	if err == nil {
		err = g.child.greet(hello)
	}
	if err != nil {
		g.child.stop()
		g.child.conn.Close()
		g.room.Close()
		_ = os.Remove(g.kept)
		d.guests.slots.put(uid)
		return nil, err
	}
	g.child.calm()
	d.guests.add(g)
	d.information.Changed() // the others need not find out by asking
	time.AfterFunc(connectTimeout, func() {
		if !d.guests.reached(g) {
			g.child.log.Info("nobody came for the session; ending it")
			g.child.stop()
		}
	})
	return g, nil
}
