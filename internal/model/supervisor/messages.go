// Package supervisor holds the words exchanged between a node's daemon and the
// supervisor processes it starts: one home supervisor for each family of
// processes that has left (or is leaving) this node, one guest supervisor for
// each tree of processes this node lends its CPU to.
//
// The messages travel as JSON over an inherited SOCK_SEQPACKET socket (file
// descriptor 3). The daemon holds no process's fate: when the socket closes,
// a supervisor goes on with its work, and a daemon started anew may be told of
// it again. Pure data: no OS, no clock.
package supervisor

import (
	"time"

	"openmosix/internal/model/tally"
)

// Session names one conversation between a home supervisor and a guest
// supervisor. Whoever knows it may be connected to that guest supervisor (and
// must still pass the TLS handshake with it).
type Session [16]byte

// Identity is what a supervisor needs to prove that it belongs to the cluster:
// a short-lived leaf certificate issued by the daemon. A supervisor never sees
// the cluster key itself.
type Identity struct {
	Certificate []byte // DER, the leaf
	Key         []byte // PKCS#8 DER of the leaf's private key
	Authority   []byte // DER, the cluster's CA certificate, or several, joined
}

// Hello is the first message a daemon sends to a supervisor it has started.
type Hello struct {
	Node     int      // this node's number
	Identity Identity // how the supervisor authenticates itself to its peers
	Session  Session  // guest supervisors: the session it was started for
	StateDir string   // a directory of the node's own for caches; may be empty
	Log      string   // slog level: debug, info, warn, error
	// Keeps is the size of the largest file that this node keeps for guests, bytes; 0: none.
	Keeps uint64 `json:",omitempty"`
	// Processes is how many of them and threads a guest supervisor and what it makes may be,
	// where it has to see to that itself; 0: there is no limit, or the daemon has seen to it.
	Processes int `json:",omitempty"`
	// Still is how long a process may stand still in a move; 0: there is no limit.
	Still time.Duration `json:",omitempty"`
	// Reconnect is for how long a home supervisor tries to replace a connection that has broken; 0: it does not.
	Reconnect time.Duration `json:",omitempty"`
	// ForeignVDSO has a guest supervisor treat home's vDSO as another kernel's
	// even when it is the same, so that this can be tested on one machine.
	ForeignVDSO bool
	// Fault names the point of a move at which the supervisor is to stop, for
	// tests (package fault); empty: none.
	Fault string
}

// MaxReconnect bounds Hello.Reconnect.
const MaxReconnect = time.Hour

// Request is sent by the daemon to a home supervisor.
type Request struct {
	ID   uint64 // echoed in the answers
	Verb Verb
	PID  int // as the node sees it
	// MoveTo, Attend: when the process began that is meant, in ticks since boot: PID may be another's meanwhile. 0: whichever has it.
	Start uint64 `json:",omitempty"`
	To    int    // MoveTo: node number, 0 for home
	Addr  string // MoveTo another node: host:port of that node's daemon
	Used  *Used  `json:",omitempty"` // MoveTo: what it used on earlier trips
	Why   string `json:",omitempty"` // MoveTo: in words, when it is nobody's request
	// MoveTo: the process is not to run on here while its memory is sent, because
	// there is none left for it.
	Urgent bool `json:",omitempty"`

	Strategy Strategy `json:",omitempty"` // MoveTo
	Sorts    []string `json:",omitempty"` // AskAgain: kinds of programs, as Event.Sort
}

// Strategy is when the memory of a process that moves is sent.
type Strategy string

const (
	// Auto: before the process stands still, as long as that gets on; what is left
	// then, if it is much, when the process runs there.
	Auto Strategy = ""
	// PreCopy: all of it before the process runs there.
	PreCopy Strategy = "precopy"
	// PostCopy: when the process runs there.
	PostCopy Strategy = "postcopy"
)

// Known tells whether there is such a strategy.
func (s Strategy) Known() bool { return s == Auto || s == PreCopy || s == PostCopy }

// Used is what a process used while it was away. The kernel at home cannot know it.
type Used struct {
	Start     uint64 // when the process began, in ticks since boot: with the pid it names it for ever
	Moves     int
	CPUMicros int64
	// SystemMicros is what of it the kernel used for the process; Peak is the most memory it had, bytes.
	SystemMicros int64         `json:",omitempty"`
	Peak         uint64        `json:",omitempty"`
	Threads      map[int]int64 `json:",omitempty"` // nanoseconds, by the id the thread sees itself
	// ThreadsSystem is what of that the kernel used for the thread.
	ThreadsSystem map[int]int64 `json:",omitempty"`
	// Waited is what children used away that it waited for there.
	WaitedMicros       int64  `json:",omitempty"`
	WaitedSystemMicros int64  `json:",omitempty"`
	WaitedPeak         uint64 `json:",omitempty"`
	Token              []byte `json:",omitempty"` // by which nodes know what they hold of it
}

// Verb is what a daemon asks a home supervisor to do.
type Verb string

const (
	MoveTo     Verb = "move"      // move PID to node To (0: bring it home)
	Describe   Verb = "status"    // answer with the state of every process it holds
	LeaveAll   Verb = "leave"     // bring everything home and end
	CancelMove Verb = "cancel"    // give up the move of PID that is under way; answered by GivenUp or Failed
	Elsewhere  Verb = "elsewhere" // node To is at Addr now, or, if To is 0, this one has moved: what goes another way is to go on by a new connection; no answer
	Attend     Verb = "attend"    // trace PID and what it starts, and ask where each program is to run
	AskAgain   Verb = "ask"       // what Stays has said, of Sorts or, if there are none, of all, holds no more; answered by Asks
)

// Event is sent by a supervisor to its daemon, unasked or as an answer.
type Event struct {
	ID     uint64 // of the Request it answers; 0: unasked
	Kind   EventKind
	PID    int
	Node   int    // where the process is now (0: home)
	Phase  string // Progress: "connect", "precopy", "freeze", "send", or "fetch" before one that is away can leave
	Done   uint64 // Progress: bytes sent so far
	Total  uint64 // Progress: bytes expected, as far as known
	Micros int64  // Moved: how long the process stood still, microseconds
	Code   Code   // Failed: which class of failure
	Text   string // Failed, Lost: in words
	Procs  []Proc // State
	Open   *Open  // Opening
	Twin   *Twin  // Wanted, Came
	Used   *Used  `json:",omitempty"` // Gone, Moved: it came home, and this is what it used away
	Hold   *Hold  `json:",omitempty"` // Room, Filled, Claim
	Trip   *Trip  `json:",omitempty"` // Travels
	Calls  *Calls `json:",omitempty"` // Counted
	// Sent is how many calls went home for it. Ended; nil: it was never away.
	Sent *uint64 `json:",omitempty"`
	// Sort is the kind of what is executed (model/program). Executed; empty: it is not told.
	Sort string `json:",omitempty"`
	// Ago is how long before it was sent it happened, microseconds.
	Ago    int64   `json:",omitempty"`
	Events []Event `json:",omitempty"` // Several, in the order in which they happened
}

// EventKind says what an Event tells.
type EventKind string

const (
	Ready    EventKind = "ready"    // the supervisor has read Hello
	Progress EventKind = "progress" // a move goes on
	Moved    EventKind = "moved"    // the last word on a MoveTo: done
	Failed   EventKind = "failed"   // the last word on a MoveTo: not done, nothing changed
	State    EventKind = "state"    // Procs holds every process of this supervisor
	Gone     EventKind = "gone"     // PID ended, or came home and is ordinary again
	Lost     EventKind = "lost"     // PID was killed because its guest was lost; Text says why
	Opening  EventKind = "open"     // the supervisor wants a session on another node
	Wanted   EventKind = "twin"     // a guest supervisor looks for a file of this node: Twin
	// Came: a guest supervisor has got all of a file that this node lacked, Twin; it comes with it.
	Came EventKind = "came"
	// Of what a process that leaves has in its memory a guest supervisor wants to leave some
	// to its daemon, Hold: Room asks for a file to put it in, answered by Found; Filled says that
	// it is there. Claim asks for it when the process comes again, answered by Found.
	Room     EventKind = "room"
	Filled   EventKind = "filled"
	Claim    EventKind = "claim"
	Attended EventKind = "attended" // the last word on an Attend: done
	GivenUp  EventKind = "given-up" // the last word on a CancelMove: the move will fail
	// Executed: a process of an attended family executes the program Text, on Node: answered by Placed.
	// Without an ID it has begun at home already, as Stays says.
	Executed EventKind = "executed"
	Stayed   EventKind = "stayed"  // PID, placed on Node, begins at home, because of Text
	Ended    EventKind = "ended"   // a process of an attended family has ended: its program Text has used Micros of CPU time
	Another  EventKind = "another" // home sends a guest supervisor one more process: Open; answered by Opened
	Travels  EventKind = "trip"    // a move of PID begins or is over, whoever asked for it: Trip
	Counted  EventKind = "calls"   // figures of forwarded calls: Calls
	Carries  EventKind = "carries" // processes are on their way into a guest supervisor, or out of it: Done of them, 0: no more
	// Pledged: of the home supervisor's process PID, which lacks pages, the daemon is to hold
	// the userfaultfd that comes with it, and to end the process by its pidfd, which comes as
	// well, should the supervisor end. Redeemed: no more.
	Pledged  EventKind = "pledged"
	Redeemed EventKind = "redeemed"
	// Broken: the connection to node Node has broken, because of Text, and another is tried for;
	// Mended: there is one, after Micros.
	Broken  EventKind = "link-broken"
	Mended  EventKind = "link-mended"
	Several EventKind = "several" // Events, none of which is one of these or has files
	Asks    EventKind = "asks"    // the last word on an AskAgain: done
)

// Code is the class of a failed move; commands turn it into an exit status.
type Code string

const (
	NoSuchProcess Code = "no-such-process"
	CannotMove    Code = "cannot-move" // Text lists the reasons
	AlreadyThere  Code = "already-there"
	UnknownNode   Code = "unknown-node"
	Refused       Code = "refused"         // the other node said no
	NoMemory      Code = "no-memory"       // memory is short on the other side
	LacksCPU      Code = "cpu-lacks"       // the other node's CPU lacks what the process may use
	Unreachable   Code = "unreachable"     // the other node or the link failed
	Busy          Code = "busy"            // another move of the process goes on
	Cancelled     Code = "cancelled"       // somebody wanted the move given up
	NotMoving     Code = "not-moving"      // there is no move that could be given up
	EndedMidway   Code = "ended-meanwhile" // Text says of what
	Internal      Code = "internal"
)

// Trip is one move. It is told when it begins, if it does, and when it is over.
type Trip struct {
	From, To int // nodes; 0: home
	Command  string
	Why      string // of the Request
	Exec     bool   // it became another program, which happens at home
	Placed   bool   // it goes as it begins a program, before it has done anything
	Over     bool
	Refused  bool   // it was over before it began
	Micros   int64  // how long the process stood still, microseconds
	Took     int64  // how long the move took, microseconds
	Bytes    uint64 // of the process that were sent
	Code     Code   // empty: it has moved
	Text     string
}

// Calls are rows of figures since the supervisor began. A row replaces what was
// told of its call before.
type Calls struct {
	Seen []tally.Call // as the guests saw it, the way to home and back included
	Done []tally.Call // as home did it
}

// Proc is one process a supervisor looks after.
type Proc struct {
	PID       int    // as this node sees it
	Node      int    // home supervisor: where its guest runs (0: here); guest supervisor: the home node
	HomePID   int    // guest supervisor: the pid at home
	Session   string // hex, for logs
	Moves     int    // how often it has moved
	CPUMicros int64  // home supervisor: CPU time burnt away from home; guest supervisor: burnt here
	RSS       uint64 // bytes resident where it runs
	Calls     uint64 // forwarded calls
	State     string // "running", "sleeping", "stopped", "moving"; StateGiving, StateBroken
	// BeforeMicros: guest supervisor: CPU time burnt before it came here, at home and
	// elsewhere. Of what it forks here it is 0.
	BeforeMicros int64 `json:",omitempty"`

	// Home supervisor: for how long it has been where its guest runs, and the calls forwarded in that
	// time. 0: it is at home, or the supervisor is of a version that does not tell.
	ThereMicros int64  `json:",omitempty"`
	ThereCalls  uint64 `json:",omitempty"`

	// Of a move under way, or one whose memory still follows ("fetch"): as Progress has it.
	Phase       string `json:",omitempty"`
	Done, Total uint64 `json:",omitempty"`
}

// StateGiving is that of a guest that has gone on to another node, which still fetches
// some of its memory from here: it cannot be moved, and ends by itself.
const StateGiving = "giving"

// StateBroken is that of a process the connection to whose guest is broken, and another is tried for, or
// silent: it stands wherever it needs home.
const StateBroken = "broken"

// Open asks the daemon to arrange a session on another node for a process
// with these needs. The daemon asks that node's daemon, which starts a guest
// supervisor, and answers with an Opened message.
type Open struct {
	ID   uint64
	Node int
	Addr string
	PID  int
	Need Need
	// Disclosed is how much the lender is told of the process: 0 nothing, 1 the
	// PID, 2 also UID and GID, 3 also Command and Args. What is not told is zero.
	Disclosed int
	UID, GID  int
	Command   string
	Args      []string
	// Session is one that is open already: what is asked for is a way to it.
	Session Session
	// Protocol is what the home supervisor speaks (package wire), and Version, for people, the daemon's.
	Protocol int    `json:",omitempty"`
	Version  string `json:",omitempty"`
}

// Twin describes a file by what is in it. The daemon answers with a Found
// message to which the file is attached, open for reading, if this node has one
// of that path with these contents that only root can change and all may read, or
// has kept one that the same home has sent.
type Twin struct {
	Path string
	Size uint64
	Hash []byte // SHA-256
}

// Hold is what a node holds of a process that has left it.
type Hold struct {
	Token []byte // only the process's home supervisor knows it, and the guest supervisors it has told
	Bytes uint64 // Room: the size of the file
}

// Need is what a process requires of a node, compared before anything is frozen.
type Need struct {
	Memory  uint64   // bytes that will be resident
	CPU     []uint32 // feature words as linux/cpu gives them
	XSave   uint32   // bytes of extended state in use
	XCR0    uint64
	Threads int
	Release string // kernel release at home, for the log
}

// Opened answers an Open.
type Opened struct {
	ID      uint64
	Session Session
	Addr    string  // host:port to dial; the session is the preface
	Pass    Session // what a relay at Addr is shown first; zero: the node itself is there
	Rate    uint64  `json:",omitempty"` // by which memory has moved there, bytes per second; 0: that is not known
	Code    Code    // empty: granted
	Text    string
	// Protocol is what the guest supervisor speaks (package wire), and Version, for people, the lender's.
	Protocol int    `json:",omitempty"`
	Version  string `json:",omitempty"`
	// Wall is what the lender's clock said when it answered, nanoseconds since 1970; 0: that is not told.
	Wall int64 `json:",omitempty"`
}

// Placed answers an Executed: where the program is to run.
type Placed struct {
	ID   uint64
	Node int    // 0: here
	Addr string // of that node's daemon
	// Stays says that it is here for others as well.
	Stays *Stays `json:",omitempty"`
}

// Stays says which programs begin at home without being asked about, if their processes are
// there: until they are taken back (AskAgain), and no longer than For. Each is told of
// afterwards (Executed).
type Stays struct {
	Whose Whose
	For   time.Duration
	// Most is how much CPU time a run may use: after one that uses more, the next of its kind is
	// asked about. 0: they may use any.
	Most time.Duration `json:",omitempty"`
}

// Whose programs are meant.
type Whose string

const (
	Kinds   Whose = "kind"    // of the kind that was asked about
	Process Whose = "process" // of the process, and those that it makes from now on
	Family  Whose = "family"  // of all
)

// FromDaemon is the envelope of everything a daemon sends: exactly one field is set.
type FromDaemon struct {
	Hello   *Hello   `json:",omitempty"`
	Request *Request `json:",omitempty"`
	Opened  *Opened  `json:",omitempty"`
	Placed  *Placed  `json:",omitempty"`
	// Connection announces that a connected socket for this guest supervisor
	// is attached to the packet (SCM_RIGHTS). The preface has been read; the
	// TLS handshake is still to come, with this side as the server. With it come the
	// empty directory that is to be the root of guests, and /dev/userfaultfd,
	// opened, if this node has it.
	Connection bool `json:",omitempty"`
	// Found answers the Wanted, Room or Claim event of this ID; without a file there is none.
	Found uint64 `json:",omitempty"`
}
