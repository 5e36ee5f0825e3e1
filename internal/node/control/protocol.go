// Package control is how commands talk to the node daemon: a Unix socket on
// which a client sends one request as a line of JSON and reads answers, one
// line each, until the one with a Result.
//
// Everybody on the machine may connect. Who asks is known from the kernel
// (SO_PEERCRED), not from the request: what a caller may kill he may move. Root
// alone may ask on behalf of another, and then has that one's authority only.
//
// It knows the words and the socket; what a request does is the daemon's affair.
package control

import (
	"context"

	"openmosix/internal/model/event"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/policy"
	"openmosix/internal/node/settings"
	"openmosix/internal/node/tuning"
)

// SocketName is the file in the run directory.
const SocketName = "control.sock"

// maxLine bounds a request and an answer.
const (
	maxRequest = 64 << 10
	maxAnswer  = 16 << 20
)

// Verb is what a client wants.
type Verb string

const (
	Migrate Verb = "migrate" // move PID to node To
	Cancel  Verb = "cancel"  // give up the move of PID that is under way
	Why     Verb = "why"     // can PID move, and if not, why
	PS      Verb = "ps"      // the processes of this node that have moved
	Nodes   Verb = "nodes"   // the nodes this one knows
	Lent    Verb = "lent"    // the guests here
	Status  Verb = "status"  // this node
	Reload  Verb = "reload"  // read configuration and keys again
	Policy  Verb = "policy"  // Change what holds for PID and what it starts
	Attend  Verb = "attend"  // place what PID and its descendants execute; the next program on node To, if that is not 0
	Admin   Verb = "admin"   // what the administrator of a node tells it: Word
	Events  Verb = "events"  // follow what happens, until the client hangs up: Watch
)

// What the original's tools of setup ask for.
const (
	Costs    Verb = "costs"    // what was measured of the ways to other nodes, after taking in Link
	Discover Verb = "discover" // how this node finds others, after changing it to Discovery
)

// Codes of results beyond those of a supervisor.
const (
	NotPermitted supervisor.Code = "not-permitted"
	Ended                        = supervisor.EndedMidway
	BadRequest   supervisor.Code = "bad-request"
)

// Request is what a client sends.
type Request struct {
	Verb Verb `json:"verb"`
	// OnBehalf makes the request another's, for servers that serve all users.
	OnBehalf *Caller `json:"on_behalf,omitempty"`
	PID      int     `json:"pid,omitempty"`
	To       int     `json:"to,omitempty"` // Migrate: node number, 0: home
	// Migrate: to the node on which it runs best, instead of To.
	Balance bool `json:"balance,omitempty"`
	// Admin, Nodes: To is the node that is meant, 0: this one (Admin), all (Nodes).
	// Node is the node's name, instead of To.
	Node string `json:"node,omitempty"`
	// Nodes: ask all nodes, instead of telling what is known of them.
	Ask bool `json:"ask,omitempty"`
	// Wait: the result is that of the move, not of its beginning.
	Wait bool `json:"wait,omitempty"`
	// Migrate: when the memory of a process that leaves home is sent.
	Strategy supervisor.Strategy `json:"strategy,omitempty"`
	// Admin: one of the words of mosctl, and its numbers.
	Word   string         `json:"word,omitempty"`
	Values []int          `json:"values,omitempty"`
	Change *policy.Change `json:"change,omitempty"` // Policy
	// Events: To or Node is the node whose events are wanted; neither: this one's.
	Watch *Watch `json:"watch,omitempty"`
	// Costs.
	Link *tuning.Link `json:"link,omitempty"`
	// Discover; what is zero stays.
	Discovery *Discovery `json:"discovery,omitempty"`
}

// Watch says which events are wanted. Remarks on the stream itself always come.
type Watch struct {
	All   bool         `json:"all,omitempty"`      // of all nodes, also of those that come later
	Since int64        `json:"since_ms,omitempty"` // also those of the last so many milliseconds, as far as they are remembered
	Kinds []event.Kind `json:"kinds,omitempty"`    // none: all
}

// Answer is what a client reads: any number with Progress, then one with Result.
// Of Events: any number with Event; a Result only if that fails.
type Answer struct {
	Event    *event.Event `json:"event,omitempty"`
	Progress *Progress    `json:"progress,omitempty"`
	Result   *Result      `json:"result,omitempty"`
}

// PhaseOneOfMany is the phase of one of many moves that is done; Done and Total
// are numbers of processes then, not bytes.
const PhaseOneOfMany = "done"

// PhaseGiving is the phase of a node that has sent processes on which still fetch their memory from it;
// Done and Total are numbers of processes.
const PhaseGiving = "giving"

// Progress of a move.
type Progress struct {
	PID   int    `json:"pid"`
	Phase string `json:"phase"`
	Done  uint64 `json:"done,omitempty"`
	Total uint64 `json:"total,omitempty"`
}

// Result is the last word. Code is empty when what was asked for is done.
type Result struct {
	Code    supervisor.Code `json:"code,omitempty"`
	Text    string          `json:"text,omitempty"`
	Reasons []Reason        `json:"reasons,omitempty"` // CannotMove
	Node    int             `json:"node,omitempty"`    // Migrate: where the process is, 0: home; PS: this node
	Micros  int64           `json:"frozen_us,omitempty"`
	Procs   []Proc          `json:"procs,omitempty"`
	Nodes   []Node          `json:"nodes,omitempty"`
	Status  *NodeStatus     `json:"status,omitempty"`
	Lent    []Guest         `json:"lent,omitempty"`    // Lent
	Changes *Changes        `json:"changes,omitempty"` // Reload
	Balance *Balance        `json:"balance,omitempty"` // Why: of a process of this node; Migrate: of the node that was chosen

	Away *Away `json:"away,omitempty"` // Why: of a process that is

	Policies map[int]policy.Policy `json:"policies,omitempty"` // PS: of processes of which something was said
	Policy   *policy.Policy        `json:"policy,omitempty"`   // Policy
	Mark     string                `json:"mark,omitempty"`     // Policy

	// Stream, if a handler sets it, is called to give many answers instead of
	// this one. ctx ends when the client hangs up; tell waits while the client
	// does not read.
	Stream    func(ctx context.Context, tell func(event.Event) error) Result `json:"-"`
	Links     []tuning.Link                                                  `json:"links,omitempty"`     // Costs
	Discovery *Discovery                                                     `json:"discovery,omitempty"` // Discover

	Settings *settings.Values `json:"settings,omitempty"` // Admin
	Unkept   string           `json:"unkept,omitempty"`   // Admin: what was told holds, but not after the end of the daemon, and why
	Outcomes []Outcome        `json:"outcomes,omitempty"` // Admin: of expel and bring
}

// Discovery is how a node finds others.
type Discovery struct {
	Enabled    bool     `json:"enabled"`
	Multicast  bool     `json:"multicast"`
	Interfaces []string `json:"interfaces"` // none: all that are up
	TTL        int      `json:"ttl"`
	Port       int      `json:"port"`
}

// Outcome is how one of many moves went. Code is empty when the process moved.
type Outcome struct {
	PID  int             `json:"pid"` // at its home
	Home int             `json:"home"`
	Node int             `json:"node"` // where it was
	Code supervisor.Code `json:"code,omitempty"`
	Text string          `json:"text,omitempty"`
}

// Changes are the settings a reload has found changed.
type Changes struct {
	Applied []string `json:"applied"`
	Restart []string `json:"restart"` // they wait for a restart
}

// Reason is one thing that keeps a process from moving.
type Reason struct {
	Code string `json:"code"`
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"`
}

// Away is what the home of a process that is away knows of it.
type Away struct {
	Node  int     `json:"node"`
	For   int64   `json:"for_ms"`      // it has been there; 0: that is not known
	Calls float64 `json:"calls_per_s"` // that went home, on average since it came there
	Mute  bool    `json:"mute"`        // the connection there is broken, or nothing comes by it
	Costs []Cost  `json:"costs"`       // the cheapest first
}

// Cost is what a process costs on a node, in seconds per second of work on the fastest processor.
type Cost struct {
	Node      int     `json:"node"` // 0: home
	Cost      float64 `json:"cost"`
	Closed    string  `json:"closed,omitempty"` // the rule of package balance by which it would not be taken there
	Text      string  `json:"text,omitempty"`   // ... in words
	AgeMillis int64   `json:"age_ms,omitempty"` // of what is known of the node
}

// Balance is what the balancer last thought of a process.
type Balance struct {
	Rule string `json:"rule,omitempty"` // of package balance; empty: it is left alone, and Text says why
	Text string `json:"text"`
	Node int    `json:"node,omitempty"` // where it runs
	To   int    `json:"to,omitempty"`   // where it goes, or the best of the other nodes
	// Costs there and here, in seconds per second of work on the fastest processor.
	Here    float64 `json:"here,omitempty"`
	There   float64 `json:"there,omitempty"`
	Gain    float64 `json:"gain_s,omitempty"`  // by being there, for the rest of its life
	Price   float64 `json:"price_s,omitempty"` // of the move
	Life    float64 `json:"life_s,omitempty"`  // it is expected to go on
	Refused string  `json:"refused,omitempty"` // the rule that closed better nodes, or all
	// How old what was known of To was, and how long ago all this was thought.
	AgeMillis int64 `json:"age_ms,omitempty"`
	AgoMillis int64 `json:"ago_ms,omitempty"`
}

// Proc is one process of this node that a supervisor looks after.
type Proc struct {
	PID       int    `json:"pid"`
	Node      int    `json:"node"` // 0: here
	Moves     int    `json:"moves"`
	CPUMicros int64  `json:"cpu_us"` // burnt away from home
	RSS       uint64 `json:"rss"`    // where it runs
	Calls     uint64 `json:"calls"`
	State     string `json:"state"`
	// Of a move under way, or one whose memory still follows ("fetch"): as Progress has it.
	Phase string `json:"phase,omitempty"`
	Done  uint64 `json:"done,omitempty"`
	Total uint64 `json:"total,omitempty"`
}

// Node is one node of the cluster as this one sees it.
type Node struct {
	Number    int    `json:"node"`
	Name      string `json:"name"`
	Address   string `json:"address"`
	Self      bool   `json:"self,omitempty"`
	Up        bool   `json:"up"`
	Text      string `json:"text,omitempty"` // why it is not
	Guests    int    `json:"guests"`
	Away      int    `json:"away"`
	MemTotal  uint64 `json:"mem_total"`
	MemFree   uint64 `json:"mem_free"`
	CPUs      int    `json:"cpus"`
	Accepting bool   `json:"accepting"`
	// Twins are the addresses of other nodes that claim the number.
	Twins []string `json:"twins,omitempty"`
	// Via is the relay this node reaches it by; 0: directly.
	Via int `json:"via,omitempty"`

	Load         float64 `json:"load"` // 1: one process that always runs, on one processor of the yardstick
	Utilisation  int     `json:"util"` // per cent of the CPUs' time
	Speed        int     `json:"speed"`
	MemAvailable uint64  `json:"mem_available"` // as the kernel sees it
	Quiet        bool    `json:"quiet"`         // what has to do with load is not told, and is zero
	Stay         bool    `json:"stay"`
	LStay        bool    `json:"lstay"`
	NoMFS        bool    `json:"nomfs"`
	AskMicros    int64   `json:"ask_us"`            // how long it took to ask; 0: it was not asked
	AgeMillis    int64   `json:"age_ms"`            // of what is said of its load
	Refuses      string  `json:"refuses,omitempty"` // why it takes no guests just now, other than that it lends nothing
}

// NodeStatus is what a node tells of itself.
type NodeStatus struct {
	Node
	Cluster string  `json:"cluster"` // public name of the cluster key
	Release string  `json:"release"`
	PID     int     `json:"pid"`
	Refused uint64  `json:"refused"` // connections of strangers
	Passing int     `json:"passing"` // connections between others that this node passes on
	Owner   Owner   `json:"owner"`
	Lent    []Guest `json:"lent,omitempty"`
}

// Owner is what a node does for its owner while it has guests.
type Owner struct {
	Phase   string `json:"phase"`             // free, contended, throttled or evicting
	Leaving int    `json:"leaving"`           // guests on their way home
	Refuses string `json:"refuses,omitempty"` // why no guests are taken just now
	Limits  string `json:"limits"`            // what guests live in: their control group, or why there is none
}

// Guest is one process of another node that runs here.
type Guest struct {
	PID     int    `json:"pid"` // on this node
	Home    int    `json:"home"`
	HomePID int    `json:"home_pid,omitempty"` // 0: not disclosed
	RSS     uint64 `json:"rss"`
	CPU     int64  `json:"cpu_us"`
	// What its home tells of it: a level of package policy. Beyond HomePID, of
	// level 2 whose it is, of level 3 what it was when it came.
	Disclosed int      `json:"disclosed"`
	UID       *int     `json:"uid,omitempty"`
	GID       *int     `json:"gid,omitempty"`
	Command   string   `json:"command,omitempty"`
	Args      []string `json:"args,omitempty"`
}
