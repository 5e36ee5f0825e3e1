package guest

import (
	"log/slog"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"openmosix/internal/linux/cgroup"
	"openmosix/internal/linux/fault"
	"openmosix/internal/linux/ptrace"
	"openmosix/internal/linux/vdso"
	"openmosix/internal/model/descriptors"
	"openmosix/internal/model/image"
	"openmosix/internal/model/names"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"
	"openmosix/internal/process/callcount"
	"openmosix/internal/process/fetching"
	"openmosix/internal/process/filehash"
	"openmosix/internal/process/held"
	"openmosix/internal/process/joint"
	"openmosix/internal/process/shortcut"
	"openmosix/internal/process/tracee"
	"openmosix/internal/role/employer"
	"openmosix/internal/role/transport"
)

// Guest serves one session.
type Guest struct {
	daemon *employer.Daemon
	log    *slog.Logger
	fam    *tracee.Family
	conn   *transport.Framed
	home   atomic.Pointer[trust.Name] // who is at its other end; nil: nobody yet
	hashes *filehash.Cache
	fault  fault.Fault
	root   *os.File // an empty directory, for the bodies to live in. Set before home is connected, as is
	device *os.File // /dev/userfaultfd; nil: the daemon has given none

	besides   atomic.Int32 // further connections: beside.go
	reconnect reconnect
	serial    atomic.Uint64
	alias     bool              // the session's process is not what it is at home: alias.go; set before it runs
	calls     callcount.Counter // what was forwarded and not yet told
	telling   sync.Mutex        // held while that is told

	carried  carried
	left     left
	shared   *joint.Node // memory that its bodies share with processes elsewhere
	lockable uint64      // how much memory a body may lock; set before home is connected
	// leaving is held to read by bodies whose process has gone, and which home no longer
	// needs, until they are done with.
	leaving sync.RWMutex

	makeMu   sync.Mutex // held while a thread or process is made, and while the init is used for anything
	supplyMu sync.Mutex // held while a descriptor is on its way into a body

	mu        sync.Mutex
	bodies    map[int]*body   // by the supervisor's pid
	byOwn     map[int]*strand // by the thread's own id
	byTID     map[int]*strand // by the supervisor's id of the thread
	born      map[int]*strand // by own id: made, but not yet claimed by its maker
	coming    map[int][]frame // by own pid: what home says to children being made
	arrivals  map[int]*inbox  // by own pid: processes on their way in
	admitted  bool            // one has been announced
	kept      bool            // others may follow: session.go
	making    making          // what the process being made gets
	names     names.Table     // what home has told of names
	answers   answers         // ... as the bodies see it
	learnt    atomic.Uint64   // facts of names so far
	readables readables       // ... and of what files contain
	states    states          // ... and of how files and directories are
	displayed displayed       // ... that bodies can see
	ticks     shortcut.Ticks
	pieces    pieces // ... and has sent ahead
	asked     map[uint64]chan *supervisor.Opened
	files     []*known                 // what the bodies have mapped
	twins     map[uint64]chan *os.File // questions to the daemon
	init      *nsInit
	done      chan struct{}
	once      sync.Once
}

// Main runs a guest supervisor until its last body is gone. Descriptor 3 is
// the daemon's socket. The result is the exit status.
func Main() int {
	if err := noNewPrivileges(); err != nil {
		slog.Error("guest supervisor: cannot give up privileges", "error", err)
		return 2
	}
	g := newGuest()
	var err error
	if g.daemon, err = employer.Meet(&g.fault); err != nil {
		slog.Error("guest supervisor", "error", err)
		return 2
	}
	g.log, g.hashes = g.daemon.Log, g.daemon.Hashes
	if g.lockable, err = raiseLockLimit(); err != nil {
		g.log.Error("guest supervisor", "error", err)
		return 2
	}
	if err := g.left.bound(g.daemon.Hello().Processes); err != nil {
		g.log.Error("guest supervisor", "error", err)
		return 2
	}
	if g.left.group, err = cgroup.OwnLeft(); err != nil {
		g.log.Debug("no group counts the processes of guests", "why", err)
	}
	go g.serve()
	g.daemon.Ready()
	<-g.done
	g.leaving.Lock()
	if g.home.Load() != nil {
		g.conn.Bye()
	}
	return 0
}

func newGuest() *Guest {
	g := &Guest{log: slog.Default(), bodies: map[int]*body{}, byOwn: map[int]*strand{}, born: map[int]*strand{},
		byTID: map[int]*strand{}, twins: map[uint64]chan *os.File{}, arrivals: map[int]*inbox{}, coming: map[int][]frame{}, asked: map[uint64]chan *supervisor.Opened{}, reconnect: reconnect{offers: make(chan offer, 1)}, done: make(chan struct{})}
	g.fam = tracee.NewFamily(g)
	g.shared = joint.New(jointSide{g}, false)
	return g
}

// serve takes the daemon's messages: the one connection, and requests for the state.
func (g *Guest) serve() {
	connected := false
	for {
		var m supervisor.FromDaemon
		files, err := g.daemon.Recv(&m)
		if err != nil {
			g.log.Info("the daemon is gone", "error", err)
			if !connected {
				g.end()
			}
			if g.daemon.Rejoin() != nil {
				return
			}
			continue
		}
		switch {
		case m.Connection && len(files) > 0 && !connected:
			connected = true
			if len(files) > 1 {
				g.root = files[1]
			}
			if len(files) > 2 {
				g.device = files[2]
			}
			go g.connect(files[0])
			continue
		case m.Connection && len(files) > 0:
			go g.beside(files[0])
			files = files[1:]
		case m.Opened != nil:
			g.admission(m.Opened)
		case m.Found != 0:
			g.found(m.Found, files)
			continue
		case m.Request != nil && m.Request.Verb == supervisor.Describe:
			g.tell(supervisor.Event{ID: m.Request.ID, Kind: supervisor.State, Procs: g.describe()})
		}
		for _, f := range files {
			_ = f.Close()
		}
	}
}

// connect serves the home supervisor until it hangs up; without it no body can live.
func (g *Guest) connect(f *os.File) {
	defer g.end()
	conn, home, err := g.accept(f)
	if err != nil {
		g.notHome(err)
		return
	}
	conn.Last(g.resumes)
	g.conn = conn
	g.home.Store(&home)
	go g.reports()
	g.read()
}

// notHome tells of a connection of the session's that has come to nothing. Home may have given up: it waits for some
// seconds, and a lender gives its guests what CPU time is left.
func (g *Guest) notHome(err error) {
	if transport.HungUp(err) {
		g.log.Info("home hung up before it was known to be home", "error", err)
		return
	}
	g.log.Warn("who came for the session is not its home", "error", err)
}

// accept takes a connection of the session's, and tells which home is at its other end.
func (g *Guest) accept(f *os.File) (*transport.Framed, trust.Name, error) {
	c, err := net.FileConn(f)
	_ = f.Close()
	if err != nil {
		return nil, trust.Name{}, err
	}
	tc, err := transport.Server(c, g.daemon.Hello().Identity, trust.Home)
	if err != nil {
		return nil, trust.Name{}, err
	}
	if err := transport.WaitInKernel(tc); err != nil {
		g.log.Warn("a connection from home is slower than it might be", "error", err)
	}
	home, err := transport.PeerOf(tc)
	if err != nil {
		_ = tc.Close()
		return nil, trust.Name{}, err
	}
	return transport.NewFramed(tc), home, nil
}

func (g *Guest) end() { g.once.Do(func() { close(g.done) }) }

func (g *Guest) tell(e supervisor.Event) { g.daemon.Tell(e) }

func (g *Guest) describe() []supervisor.Proc {
	g.mu.Lock()
	bs := make([]*body, 0, len(g.bodies))
	for _, b := range g.bodies {
		bs = append(bs, b)
	}
	g.mu.Unlock()
	var out []supervisor.Proc
	for _, b := range bs {
		one := supervisor.Proc{PID: b.PID, HomePID: b.Own, CPUMicros: b.cpu() / 1000, BeforeMicros: b.lived(), RSS: b.resident(), Calls: b.calls.Load(), State: "running"}
		if b.giving.Load() != nil {
			one.State = supervisor.StateGiving
		}
		out = append(out, one)
	}
	return out
}

// body is one process that runs here.
type body struct {
	*tracee.Process
	g        *Guest
	listener atomic.Int32 // its filter's notification descriptor, -1: none yet
	calls    atomic.Uint64
	unlisted atomic.Bool   // its mappings have got properties here that their list does not show
	guarded  atomic.Bool   // it may have guard regions
	locks    atomic.Bool   // it has locked memory by calls that it made here
	limiting sync.Mutex    // held while limits and CPUs are made to act here
	raised   atomic.Uint64 // signals raised here so far
	kept     atomic.Uint64 // signals that stay pending at home while they are blocked
	vdso     []image.Range // code that only works in this time and on this kernel
	standIns []vdso.Call   // those that the code makes which stands in for home's vDSO
	foreign  []image.VMA   // home's special mappings, when home's vDSO only stands in

	departing sync.Mutex // one departure at a time

	mu       sync.Mutex
	img      *image.Image // as it came: files, what differed from home, earlier CPU time
	running  bool
	freezing bool
	leaving  *departure // the last one asked for
	want     bool       // a freeze waits: calls that take several steps must not begin
	busy     int        // such calls under way
	held     []*pending
	seen     uint64          // signals forwarded from home
	early    []pendingSignal // signals caught while freezing
	late     []lateSignal    // signals that came after the freeze, or before it ran
	raising  bool            // the late ones are being raised
	watch    *tracee.Watch   // notes what it writes; nil: nobody does
	unwanted bool            // what it writes is not to be noted before it leaves
	dirty    []image.Range   // written here, as far as Protect has told
	gone     bool
	ending   bool // the program has asked home to end it
	borrows  bool // it runs in its parent's memory: vfork(2)
	homing   bool // it has met something that only home can do

	cpuSoft uint64 // the soft limit on CPU time, seconds, as it is since it was reached here; 0: it was not; mu

	timers        map[int32]image.CPUTimer // those on CPU time, as they were made; mu
	homeTimers    homeTimers               // the others
	watchesTimers bool                     // watchTimers runs; mu
	intervals     atomic.Bool              // it has, or had, interval timers on CPU time

	fetching atomic.Pointer[fetching.Fetching] // the pages that are still elsewhere; nil: none
	giving   atomic.Pointer[giving]            // the pages that the process, elsewhere by now, still needs of it; nil: none

	token    []byte                    // by which this node keeps what it leaves behind; mu
	recalled atomic.Pointer[held.Held] // what this node had kept of it, while pages follow; nil: nothing

	soles     []*soleFile // sole.go; mu
	soleBytes uint64      // that came of what is in them; mu

	joints     []*jointFile // joint.go; mu
	jointSpace *joint.Space // in which they are mapped; mu
	joins      atomic.Bool  // there are, or were, any

	own  map[int]*soleFile // what its descriptors show that is its own; mu
	owns atomic.Bool       // there are any

	ahead      *aheadFile         // what the next calls give, as far as home has said; mu
	foretold   foretold           // foretold.go; mu
	counted    counted            // counted.go; mu
	news       uint64             // how often home was asked, or something came of it; mu
	used       atomic.Uint32      // those of them that have been given out, as bits, of which home has not heard
	slate      slate              // slate.go; mu
	wrote      written            // written.go; mu
	lastMapped *mappedFile        // mmap.go; mu
	lowest     descriptors.Lowest // the number of the next descriptor; mu
	closable   closable           // descriptors that may be closed without a word of home's; mu
	alone      bool               // nobody has shared its descriptors since its execve; mu
	shares     bool               // it has made somebody who shares them; mu

	sharesNames bool   // what home has told of names holds for it; g.mu
	directory   string // its working directory, if it is known; g.mu
	changedAt   uint64 // the serial of the last call that changed it; g.mu
	shortcut    bool   // it has a control word; g.mu
	shortcuts   shortcuts
	kills       uint64 // by the kernel for want of memory, when it came
}

type pendingSignal struct {
	own    int // 0: for the whole process
	at     int // the thread that was about to take it
	info   ptrace.SigInfo
	doomed bool // it is to kill the process; its thread stays stopped
}

// first tells of a real-time signal of the process that a thread was about to
// take: put back it must come before those pending, as a thread's own do.
func (p *pendingSignal) first() bool {
	const firstRealTime = 32
	return p.own == 0 && p.at != 0 && le.Uint32(p.info[:]) >= firstRealTime
}

// strand is one thread of a body.
type strand struct {
	b *body
	t *tracee.Thread

	blocks  atomic.Uint64 // signals it blocks by its own calls; kept where there are kept signals
	atHome  atomic.Uint64 // ... as its deputy was told
	noRoom  atomic.Bool   // there was none for what it wanted to make: it does that at home
	noTimer atomic.Bool   // ... or no timer for it
	served  atomic.Bool   // its calls are the supervisor's own: let them run here
	noticed uint64        // of body.raised, when the thread's last call began; receiver
	stays   bool          // it stays stopped until it has been brought home; tracing thread
	undone  bool          // it was put back while it may have had a fault to answer for: shortcut.go; tracing thread

	mu           sync.Mutex
	call         *pending
	begun        begunCall // begun.go
	restarted    bool      // its last call was answered with a restart code
	restart      int       // the forwarded call that restart_syscall goes on with, 0: none
	restartUntil time.Time // when that ends; zero: only its deputy knows
	rest         rest      // a wait to be issued again for the rest of its time

	collected collected // what its last execve found pending; b.mu

	cpus   []uint64 // those it may use at home, nil: any
	weight image.Weight
	before usage // of nodes before this one, but home
}
