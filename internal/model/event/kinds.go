package event

import "slices"

// The kinds of events.
const (
	DaemonUp    Kind = "daemon-up"
	DaemonDown  Kind = "daemon-down"
	NodeUp      Kind = "node-up"
	NodeLeft    Kind = "node-left"
	NodeGone    Kind = "node-gone"
	NumberTaken Kind = "number-taken"

	MoveBegun   Kind = "move-begun"
	Moved       Kind = "moved"
	MoveFailed  Kind = "move-failed"
	MoveRefused Kind = "move-refused"
	Lost        Kind = "lost"
	LinkBroken  Kind = "link-broken"
	LinkMended  Kind = "link-mended"

	GuestTaken   Kind = "guest-taken"
	GuestEnded   Kind = "guest-ended"
	GuestRefused Kind = "guest-refused"

	SettingsChanged Kind = "settings"
	Reloaded        Kind = "reloaded"
	ReloadFailed    Kind = "reload-failed"
	KeyChanged      Kind = "key-changed"
	Expelled        Kind = "expelled"
	Brought         Kind = "brought"
	StrangerRefused Kind = "stranger"

	Missed Kind = "missed"
	Silent Kind = "silent"
	Heard  Kind = "heard"
)

// Level is how much an event matters in a log.
type Level int

// Levels, rising.
const (
	Debug Level = iota
	Info
	Warn
	Error
)

// Row is one kind.
type Row struct {
	Kind    Kind
	Level   Level  // as a rule; see Event.Level
	Title   string // of a line in a log
	Meaning string // for people
	// Remark: it is not about the node but about the stream of events itself,
	// and neither logged nor counted.
	Remark bool
	blank  func() What
}

// Kinds is the table of kinds.
func Kinds() []Row { return slices.Clone(table) }

func rowOf(k Kind) (Row, bool) {
	i := slices.IndexFunc(table, func(r Row) bool { return r.Kind == k })
	if i < 0 {
		return Row{}, false
	}
	return table[i], true
}

// RowOf finds the row of a kind. One that is not known is worth a line.
func RowOf(k Kind) Row {
	if row, known := rowOf(k); known {
		return row
	}
	return Row{Kind: k, Level: Info, Title: string(k)}
}

// Known tells whether a kind is in the table.
func Known(k Kind) bool {
	_, known := rowOf(k)
	return known
}

func daemon(k Kind) func() What { return func() What { return &Daemon{Is: k} } }
func node(k Kind) func() What   { return func() What { return &Node{Is: k} } }
func move(k Kind) func() What   { return func() What { return &Move{Is: k} } }
func guest(k Kind) func() What  { return func() What { return &Guest{Is: k} } }
func link(k Kind) func() What   { return func() What { return &Link{Is: k} } }
func reload(k Kind) func() What { return func() What { return &Reload{Is: k} } }
func sweep(k Kind) func() What  { return func() What { return &Sweep{Is: k} } }

var table = []Row{
	{DaemonUp, Info, "node is up", "The daemon of the node has started.", false, daemon(DaemonUp)},
	{DaemonDown, Info, "node goes down", "The daemon of the node begins to end.", false, daemon(DaemonDown)},
	{NodeUp, Info, "node is there", "Another node has come.", false, node(NodeUp)},
	{NodeLeft, Info, "node has left", "Another node has said goodbye.", false, node(NodeLeft)},
	{NodeGone, Warn, "node is gone", "Another node does not answer any more.", false, node(NodeGone)},
	{NumberTaken, Error, "two nodes have one number: change one of them", "Two nodes have one number; change one of them.", false, node(NumberTaken)},

	{MoveBegun, Debug, "move begins", "A process of the node begins to move.", false, move(MoveBegun)},
	{Moved, Info, "process has moved", "It has: move is out, onward (from one foreign node to another), home, exec (it became another program, which happens at home), or placed (it was sent out as it began a program).", false, move(Moved)},
	{MoveFailed, Warn, "move failed", "It has not; the process goes on where it was, unless reason says that it has ended.", false, move(MoveFailed)},
	{MoveRefused, Info, "move refused", "A move that was asked for has not even begun.", false, move(MoveRefused)},
	{Lost, Error, "process lost", "A process was killed because its guest was lost with the other node or the network, or its supervisor here has died.", false, func() What { return &Loss{} }},
	{LinkBroken, Warn, "connection broken", "The connection to a node where processes of this one run is broken; another is tried for.", false, link(LinkBroken)},
	{LinkMended, Info, "connection mended", "They go on by another one.", false, link(LinkMended)},

	{GuestTaken, Info, "lending", "The node lends to a process of another one.", false, guest(GuestTaken)},
	{GuestEnded, Info, "guest has ended", "A guest has ended or gone.", false, guest(GuestEnded)},
	{GuestRefused, Info, "lending refused", "The node was asked to lend and has not.", false, guest(GuestRefused)},

	{SettingsChanged, Info, "settings changed", "The administrator has changed a setting (see mosctl(1)).", false, func() What { return &Settings{} }},
	{Reloaded, Info, "reloaded", "Configuration and keys have been read again.", false, reload(Reloaded)},
	{ReloadFailed, Error, "not reloaded", "They cannot be used; nothing has changed.", false, reload(ReloadFailed)},
	{KeyChanged, Info, "cluster key changed", "The node has other cluster keys than before.", false, func() What { return &Key{} }},
	{Expelled, Info, "guests expelled", "mosctl expel is done.", false, sweep(Expelled)},
	{Brought, Info, "processes brought home", "mosctl bring is done.", false, sweep(Brought)},
	{StrangerRefused, Warn, "stranger refused", "A connection or packet from outside the cluster was refused; told once for each address.", false, func() What { return &Stranger{} }},

	{Missed, Info, "events missed", "The follower was too slow, or the node has forgotten: count events are missing here.", true, func() What { return &Gap{} }},
	{Silent, Warn, "a node's events are not heard", "A followed node does not tell its events; it is asked again and again.", true, func() What { return &Silence{Is: Silent} }},
	{Heard, Info, "a node's events are heard again", "It tells them again. restarted: its daemon is a new one.", true, func() What { return &Silence{Is: Heard} }},
}
