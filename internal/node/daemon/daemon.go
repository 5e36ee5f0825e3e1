// Package daemon is one running node: it lets commands ask (control), talks to
// the other nodes' daemons (peer), and starts the supervisors that move
// processes. It holds no process's fate: when it dies, supervisors and what
// they look after go on.
//
//	command ─ control socket ─► Daemon ─ socket pair ─► home supervisor ═══ session ═══╗
//	                              │ TLS                                                ║
//	                            Daemon of the other node ─ socket pair ─► guest supervisor
//
// Who owns what:
//   - homes: which home supervisor looks after which process. Its lock guards the
//     maps of all homes; nothing blocks under it.
//   - guests: the sessions lent to others and their user ids. Same rule.
//   - each supervisor's socket is read by one goroutine, which ends with the
//     supervisor; whoever waits for an answer waits on a channel it fills.
//
// No lock is taken while holding another.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/event"
	"openmosix/internal/model/load"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"
	"openmosix/internal/node/balancer"
	"openmosix/internal/node/config"
	"openmosix/internal/node/control"
	"openmosix/internal/node/feed"
	"openmosix/internal/node/information"
	"openmosix/internal/node/lodging"
	"openmosix/internal/node/measure"
	"openmosix/internal/node/membership"
	"openmosix/internal/node/metrics"
	"openmosix/internal/node/peer"
	"openmosix/internal/node/policy"
	"openmosix/internal/node/settings"
	"openmosix/internal/node/tuning"
	"openmosix/internal/process/check"
	"openmosix/internal/role/transport"
)

// Judge tells why a process cannot move; no reasons: it can.
type Judge func(pid int) ([]control.Reason, error)

// Machine is what the daemon asks of the machine it runs on.
type Machine interface {
	Memory() (total, available uint64, err error)
	Lacks(need supervisor.Need) []string // CPU features a guest needs and this machine has not
	Fingerprint() uint64                 // of the CPU
	Pressure() load.Pressure
}

// Daemon is one node.
type Daemon struct {
	config  config.Config // as at the start; what a reload may change is in live
	log     *slog.Logger
	nodes   Nodes
	table   *membership.Table
	judge   Judge
	machine Machine
	proc    procfs.FS

	live   atomic.Pointer[config.Config]
	circle atomic.Pointer[trust.Circle]
	load   Loader // nil: there is nothing to reload
	// reloading orders reloads, and guards keys.
	reloading sync.Mutex
	keys      trust.Ring
	changed   chan struct{} // one place: the keys have changed

	launch  launcher
	homes   *homes
	guests  *guests
	gate    *transport.Gate
	relay   *relay
	told    toldSources
	packets atomic.Uint64 // of strangers
	address string        // what the listener is bound to
	stopFor time.Duration
	leaving atomic.Bool

	settings *settings.Store
	badState error // why the settings of an earlier daemon are not used
	measure  *measure.Measurer
	guestCPU *measure.Share
	policies *policy.Registry
	notKept  sync.Once // the log says that they are not
	tuning   *tuning.Store
	first    firstPlaces
	balancer *balancer.Balancer

	information *information.Service
	names       names
	house       *lodging.House // of guests
	owner       ownersWishes
	metrics     *metrics.Metrics
	feed        *feed.Feed[told] // what has happened
	run         string           // names this run of the daemon
	watchers    atomic.Int64     // other nodes that follow
	over        chan struct{}    // closed when Run ends
	version     string           // of this program
}

// New makes a node of a complete and checked configuration.
func New(c config.Config, keys trust.Ring, judge Judge, machine Machine, log *slog.Logger) (*Daemon, error) {
	circle, err := trust.NewCircle(keys)
	if err != nil {
		return nil, err
	}
	d := &Daemon{
		config:  c,
		log:     log,
		judge:   judge,
		machine: machine,
		proc:    procfs.FS("/proc"),
		changed: make(chan struct{}, 1),
		keys:    keys,
		launch:  launcher{log: log},
		homes:   newHomes("/proc"),
		relay:   &relay{passes: make(map[supervisor.Session]pass)},
		stopFor: 20 * time.Second,
		feed:    feed.New[told](remembered),
		run:     newRun(),
		over:    make(chan struct{}),
	}
	d.metrics = metrics.New(d.measured)
	d.homes.told, d.homes.family = d.supervisorTold, check.FamilyHere
	d.live.Store(&c)
	d.circle.Store(circle)
	d.table = membership.New(c, d.membershipOptions())
	d.nodes = d.table
	d.information = information.New(information.Options{Own: d.report, Cluster: d.table, Log: log})
	d.settings, d.badState = settings.Open(filepath.Join(c.StateDir, "settings.json"), configured(c))
	if d.badState != nil {
		log.Error("settings cannot be read", "error", d.badState)
	}
	var lost error
	if d.policies, lost = policy.Open(d.proc, filepath.Join(c.RunDir, "policies.json"), c.Disclosure); lost != nil {
		log.Error("policies of processes cannot be read", "error", lost)
	}
	if d.tuning, lost = tuning.Open(filepath.Join(c.StateDir, "tuning.json")); lost != nil {
		log.Error("measured costs cannot be read", "error", lost)
	}
	d.measure = measure.New(d.proc, filepath.Join(c.StateDir, "speed.json"), d.supervisors, log)
	d.guestCPU = measure.NewShare(d.proc)
	d.guests = newGuests(newSlots(c.Guests.UIDBase, c.Guests.Max, d.proc))
	d.guests.again = d.lendAgain
	d.guests.free = d.memoryForGuests
	d.guests.gone = d.guestGone
	d.balancer = d.newBalancer()
	d.gate = &transport.Gate{Settle: d.settle, Allowed: d.table.Allowed, Refused: d.refused}
	return d, nil
}

// Run serves until ctx ends. Then it asks for the return of this node's
// processes and the departure of the others', and waits for both a limited time.
func (d *Daemon) Run(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return errors.New("a node daemon needs root: it moves the processes of all users")
	}
	if err := d.makeRunDirs(); err != nil {
		return fmt.Errorf("%w (the setting run_dir names another place)", err)
	}
	if err := os.MkdirAll(d.homeStateDir(), 0o700); err != nil {
		d.log.Warn("the state directory cannot be made: nothing will be known after a restart (the setting state_dir names another place)", "error", err)
	}
	shelf, err := d.openShelf()
	if err != nil {
		d.log.Warn("files that guests need are not kept: they are sent each time", "error", err)
	}
	keeper := newKeeper(shelf)
	d.guests.keeps = keeper
	twins, err := newTwins(d.homeStateDir(), shelf)
	if err != nil {
		d.log.Warn("hashes of files are not kept", "error", err) // it works from memory
	}
	d.guests.twins = twins
	server, err := control.Listen(d.config.RunDir, d.request, d.log)
	if err != nil {
		return err
	}
	listener, bound, err := d.listen()
	if err != nil {
		return err
	}

	d.house = lodging.Open(d.groupName(), d.limits(), d.proc, d.log)
	defer d.house.Close()
	d.log.Info("guests are kept from the rest of this node", "by", lodging.Secluded())
	// Leaving still needs both sockets' handlers, so they end after it.
	d.findSurvivors()
	d.house.Sweep()
	serving, endServing := context.WithCancel(context.WithoutCancel(ctx))
	defer endServing()
	var group sync.WaitGroup
	group.Go(func() { d.gate.Serve(serving, listener) })
	group.Go(func() { server.Serve(serving) })
	group.Go(func() { d.renewIdentities(serving) })
	group.Go(func() { d.keepTable(serving, bound) })
	group.Go(func() { d.measure.Run(serving, d.information.Changed) })
	group.Go(func() { d.information.Run(serving) })
	group.Go(func() { d.watchGuestCPU(serving) })
	group.Go(func() { d.watchPolicies(serving) })
	group.Go(func() { d.watchOwner(serving) })
	group.Go(func() { d.serveMetrics(serving) })
	group.Go(func() { keeper.run(serving.Done()) })
	var balanced sync.WaitGroup
	balanced.Go(func() { d.balancer.Run(ctx) })
	d.happened(&event.Daemon{Is: event.DaemonUp, Name: d.config.Name, Address: d.address, Cluster: d.circle.Load().ID(time.Now())})

	<-ctx.Done()
	d.happened(&event.Daemon{Is: event.DaemonDown, Name: d.config.Name})
	balanced.Wait() // it must not send away what is fetched
	d.leave(serving)
	endServing()
	close(d.over)
	group.Wait()
	return nil
}

func (d *Daemon) makeRunDirs() (err error) {
	if err := os.MkdirAll(d.socketPath(""), 0o700); err != nil {
		return fmt.Errorf("make directory of supervisors: %w", err)
	}
	if err := d.makeAboutDir(); err != nil {
		return err
	}
	d.guests.root, err = lodging.Root(d.config.RunDir)
	return err
}

func (d *Daemon) homeStateDir() string { return filepath.Join(d.config.StateDir, "home") }

// settle decides about a connection from outside after its preface: requests
// of daemons are served here, sessions belong to their guest supervisor.
func (d *Daemon) settle(conn net.Conn, p transport.Preface) (func(), error) {
	switch p.Kind {
	case transport.ToSession:
		return nil, d.guests.hand(p.Session, conn)
	case transport.ToGossip:
		return d.settleGossip(conn)
	case transport.ToRelay:
		return nil, d.passConnection(conn, p.Session)
	}
	id, err := d.identity(trust.Daemon)
	if err != nil {
		return nil, err
	}
	server, err := transport.Server(conn, id, trust.Daemon)
	if err != nil {
		return nil, err
	}
	return func() {
		if err := peer.Serve(context.Background(), server, d.peerRequest); err != nil {
			d.log.Debug("conversation with another daemon ended", "error", err)
		}
	}, nil
}
