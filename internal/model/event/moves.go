package event

import (
	"fmt"
	"time"
)

// Way is where a move leads.
type Way string

// The ways.
const (
	Out    Way = "out"
	Onward Way = "onward" // from one foreign node to another
	Home   Way = "home"
	Exec   Way = "exec"   // home, by becoming another program
	Placed Way = "placed" // out, at the beginning of a program
)

// Ways lists them.
func Ways() []Way { return []Way{Out, Onward, Home, Exec, Placed} }

// WayOf tells the way from one node to another, of which 0 is home.
func WayOf(from, to int, exec bool) Way {
	switch {
	case exec:
		return Exec
	case to == 0:
		return Home
	case from == 0:
		return Out
	}
	return Onward
}

// Move is a move of a process of the node that tells it.
type Move struct {
	Is      Kind   `json:"-"`
	Way     Way    `json:"move"`
	PID     int    `json:"pid,omitempty"`
	Command string `json:"command,omitempty"`
	From    int    `json:"from"` // 0: home
	To      int    `json:"to"`
	Why     string `json:"why,omitempty"` // in words, when nobody has asked for it
	Frozen  int64  `json:"frozen_us,omitempty"`
	Took    int64  `json:"took_us,omitempty"`
	Bytes   uint64 `json:"bytes,omitempty"`
	Code    string `json:"code,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

// Kind implements What.
func (m *Move) Kind() Kind { return m.Is }

// everyday moves are those that no process notices: at the seam between two
// programs. There may be hundreds in a second.
func (m *Move) everyday() bool { return m.Way == Exec || m.Way == Placed }

// ended tells whether the process did not see the end of its move: short programs do so all the
// time. If it was killed for that, Lost tells so.
func (m *Move) ended() bool { return m.Code == "no-such-process" || m.Code == "ended-meanwhile" }

func (m *Move) line() string {
	who := process(m.PID, m.Command)
	road := fmt.Sprintf("from %s to %s", place(m.From), place(m.To))
	why := ""
	if m.Why != "" {
		why = " (" + m.Why + ")"
	}
	switch m.Is {
	case MoveBegun:
		return fmt.Sprintf("%s begins to move %s%s", who, road, why)
	case MoveFailed:
		return fmt.Sprintf("%s has not moved %s%s: %s", who, road, why, m.Reason)
	case MoveRefused:
		return fmt.Sprintf("%s may not move to %s: %s", who, place(m.To), m.Reason)
	}
	switch m.Way {
	case Placed:
		return fmt.Sprintf("%s begins on %s: %s in %v", who, place(m.To), size(m.Bytes), micros(m.Took))
	case Exec:
		return fmt.Sprintf("%s became another program and came home from %s", who, place(m.From))
	}
	return fmt.Sprintf("%s moved %s%s: frozen %v, %s in %v", who, road, why, micros(m.Frozen), size(m.Bytes), micros(m.Took))
}

// Loss is a process that was killed because its guest was lost.
type Loss struct {
	PID    int    `json:"pid,omitempty"`
	From   int    `json:"from,omitempty"` // where the guest was; 0: not known
	Reason string `json:"reason"`
}

// Kind implements What.
func (l *Loss) Kind() Kind { return Lost }

func (l *Loss) line() string {
	return fmt.Sprintf("%s was killed: its guest is lost (%s)", process(l.PID, ""), l.Reason)
}

// Link is a connection to a node where processes of this one run, that has broken or been replaced.
type Link struct {
	Is     Kind   `json:"-"`
	To     int    `json:"to"`
	Reason string `json:"reason,omitempty"`
	Took   int64  `json:"took_us,omitempty"` // until there was another
}

// Kind implements What.
func (l *Link) Kind() Kind { return l.Is }

func (l *Link) line() string {
	if l.Is == LinkMended {
		return fmt.Sprintf("the connection to node %d goes on by another one, after %v", l.To, time.Duration(l.Took)*time.Microsecond)
	}
	return fmt.Sprintf("the connection to node %d is broken (%s); another one is tried for", l.To, l.Reason)
}

// Guest is a process of another node, or the wish for one.
type Guest struct {
	Is      Kind   `json:"-"`
	Home    int    `json:"home"`
	HomePID int    `json:"home_pid,omitempty"`
	Command string `json:"command,omitempty"` // as far as home tells
	Code    string `json:"code,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

// Kind implements What.
func (g *Guest) Kind() Kind { return g.Is }

func (g *Guest) line() string {
	who := fmt.Sprintf("%s of node %d", process(g.HomePID, g.Command), g.Home)
	switch g.Is {
	case GuestTaken:
		return who + " comes as a guest"
	case GuestEnded:
		return who + " is no guest any more"
	}
	return fmt.Sprintf("%s is not taken as a guest: %s", who, g.Reason)
}

// Disclosure is what other nodes may be told of a process.
type Disclosure struct {
	PID, Command bool
}

// For is the event as another node is told it: of a process of this node what
// its disclosure allows, and of a guest nothing but whose it is, unless its own
// home asks.
func (e Event) For(asking int, d Disclosure) Event {
	switch w := e.What.(type) {
	case *Move:
		told := *w
		if !d.PID {
			told.PID = 0
		}
		if !d.Command {
			// A reason may name files and limits of the process.
			told.Command, told.Reason, told.Why = "", "", ""
		}
		e.What = &told
	case *Loss:
		told := *w
		if !d.PID {
			told.PID = 0
		}
		e.What = &told
	case *Guest:
		told := *w
		if asking != w.Home {
			told.HomePID, told.Command, told.Reason = 0, "", ""
		}
		e.What = &told
	}
	return e
}

func process(pid int, command string) string {
	switch {
	case pid == 0 && command == "":
		return "a process"
	case pid == 0:
		return command
	case command == "":
		return fmt.Sprintf("process %d", pid)
	}
	return fmt.Sprintf("process %d (%s)", pid, command)
}

func place(node int) string {
	if node == 0 {
		return "home"
	}
	return fmt.Sprintf("node %d", node)
}

// micros rounds a time to three digits or so.
func micros(us int64) time.Duration {
	d := time.Duration(us) * time.Microsecond
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond)
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond)
	}
	return d
}

func size(bytes uint64) string {
	const kib, mib = 1 << 10, 1 << 20
	switch {
	case bytes >= mib:
		return fmt.Sprintf("%.1f MiB", float64(bytes)/mib)
	case bytes >= kib:
		return fmt.Sprintf("%.1f KiB", float64(bytes)/kib)
	}
	return fmt.Sprintf("%d bytes", bytes)
}
