package cli

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"text/tabwriter"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
	"openmosix/internal/node/tuning"
)

// one asks for the figures of one node: the argument, else that of -n, else this.
func (m *mosctl) one(args []string) (control.Node, error) {
	word := m.node
	if len(args) > 0 {
		if word = args[0]; word == "" {
			return control.Node{}, usageError("an empty word names no node")
		}
	}
	to, name, err := nodeNamed(word)
	if err != nil {
		return control.Node{}, err
	}
	request := control.Request{Verb: control.Nodes, To: to, Node: name}
	if word == "" {
		own, err := m.client.Ask(m.c.Context(), control.Request{Verb: control.Admin, Word: "show"}, nil)
		if err != nil {
			return control.Node{}, err
		}
		request.To = own.Node
	}
	r, err := m.client.Ask(m.c.Context(), request, nil)
	if err == nil {
		err = errorOf(r)
	}
	if err != nil {
		return control.Node{}, err
	}
	if len(r.Nodes) != 1 {
		return control.Node{}, fmt.Errorf("the node daemon tells of %d nodes, not of one (command and daemon of different versions?)", len(r.Nodes))
	}
	return r.Nodes[0], nil
}

// figure prints one figure of a node that is up.
func figure(text func(control.Node) string) func(*mosctl, []string) error {
	return func(m *mosctl, args []string) error {
		n, err := m.one(args)
		if err != nil {
			return err
		}
		if !n.Up {
			return &exitError{code: exitOf(supervisor.Unreachable), text: fmt.Sprintf("node %d does not answer: %s", n.Number, n.Text)}
		}
		if m.json {
			return printJSON(m.c.OutOrStdout(), n)
		}
		_, err = fmt.Fprintln(m.c.OutOrStdout(), text(n))
		return err
	}
}

func utilText(n control.Node) string { return told(n, strconv.Itoa(n.Utilisation)) }

func (m *mosctl) isUp(args []string) error {
	n, err := m.one(args)
	if err != nil {
		return err
	}
	if m.json {
		err = printJSON(m.c.OutOrStdout(), n)
	} else {
		_, err = fmt.Fprintln(m.c.OutOrStdout(), yesNo(n.Up))
	}
	if err == nil && !n.Up {
		err = &exitError{code: ExitNo}
	}
	return err
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func (m *mosctl) status(args []string) error {
	n, err := m.one(args)
	if err != nil {
		return err
	}
	if len(args) > 0 {
		m.node = args[0]
	}
	if m.json {
		return printJSON(m.c.OutOrStdout(), n)
	}
	w := m.c.OutOrStdout()
	if !n.Up {
		_, err := fmt.Fprintf(w, "node %d (%s) at %s: down: %s\n", n.Number, n.Name, n.Address, n.Text)
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "node %d (%s) at %s: up\n", n.Number, n.Name, n.Address)
	fmt.Fprintf(t, "processors\t%d of speed %d\n", n.CPUs, n.Speed)
	fmt.Fprintf(t, "load\t%s (%s%% of the time in use)\n", loadText(n), utilText(n))
	fmt.Fprintf(t, "memory\t%s, %s free, %s to lend\n", mib(n.MemTotal), told(n, mib(n.MemAvailable)), told(n, mib(n.MemFree)))
	fmt.Fprintf(t, "processes\t%s away, %s guests\n", told(n, strconv.Itoa(n.Away)), told(n, strconv.Itoa(n.Guests)))
	for _, flag := range []struct {
		word string
		on   bool
	}{{"stay", n.Stay}, {"lstay", n.LStay}, {"block", !n.Accepting}, {"quiet", n.Quiet}, {"nomfs", n.NoMFS}} {
		fmt.Fprintf(t, "%s\t%s\n", flag.word, yesNo(flag.on))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	r, err := m.admin("show", nil, nil)
	if err == nil && r.Text != "" {
		_, err = fmt.Fprintln(m.c.ErrOrStderr(), "mosctl: "+r.Text)
	}
	return err
}

// whois finds a node by its number, address or name.
func (m *mosctl) whois(args []string) error {
	var found []control.Node
	if len(args) == 0 {
		n, err := m.one(nil)
		if err != nil {
			return err
		}
		found = []control.Node{n}
	} else {
		r, err := m.client.Ask(m.c.Context(), control.Request{Verb: control.Nodes}, nil)
		if err == nil {
			err = errorOf(r)
		}
		if err != nil {
			return err
		}
		for _, n := range r.Nodes {
			if isCalled(n, args[0]) {
				found = append(found, n)
			}
		}
	}
	if len(found) == 0 {
		return &exitError{code: ExitUnknownNode, text: fmt.Sprintf("no node is called %q (`openmosix nodes` lists them)", args[0])}
	}
	if m.json {
		return printJSON(m.c.OutOrStdout(), found[0])
	}
	n := found[0]
	_, err := fmt.Fprintf(m.c.OutOrStdout(), "%d %s %s\n", n.Number, hostOf(n.Address), n.Name)
	return err
}

func isCalled(n control.Node, word string) bool {
	return word != "" && (strconv.Itoa(n.Number) == word || strings.EqualFold(n.Name, word) || hostOf(n.Address) == word)
}

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}

func (m *mosctl) yard([]string) error {
	r, err := m.admin("show", nil, nil)
	if err != nil {
		return err
	}
	if m.json {
		return printJSON(m.c.OutOrStdout(), r.Settings)
	}
	_, err = fmt.Fprintln(m.c.OutOrStdout(), r.Settings.Yard)
	return err
}

func (m *mosctl) decay([]string) error {
	r, err := m.admin("show", nil, nil)
	if err != nil {
		return err
	}
	if m.json {
		return printJSON(m.c.OutOrStdout(), r.Settings)
	}
	s := r.Settings
	_, err = fmt.Fprintf(m.c.OutOrStdout(), "interval %d s, slow %d/1000, fast %d/1000\n", s.Period, s.Slow, s.Fast)
	return err
}

// tunedNode is a node with what tune has measured of the way to it.
type tunedNode struct {
	control.Node
	Tuned *tuning.Link `json:"tuned,omitempty"`
}

// tune prints what was measured while the nodes were asked, and by tune before.
func (m *mosctl) tune([]string) error {
	if m.node != "" {
		return usageError("gettune measures from this node; use it without -n")
	}
	r, err := m.client.Ask(m.c.Context(), control.Request{Verb: control.Nodes, Ask: true}, nil)
	if err == nil {
		err = errorOf(r)
	}
	if err != nil {
		return err
	}
	kept, err := m.client.Ask(m.c.Context(), control.Request{Verb: control.Costs}, nil)
	if err == nil {
		err = errorOf(kept)
	}
	if err != nil {
		return err
	}
	links := make(map[int]*tuning.Link, len(kept.Links))
	for i, l := range kept.Links {
		links[l.Node] = &kept.Links[i]
	}
	if m.json {
		nodes := make([]tunedNode, len(r.Nodes))
		for i, n := range r.Nodes {
			nodes[i] = tunedNode{n, links[n.Number]}
		}
		return printJSON(m.c.OutOrStdout(), nodes)
	}
	t := tabwriter.NewWriter(m.c.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NODE\tTO ASK, NOW\tTO ASK\tA CALL HOME\tTO MOVE\tMB/S\tMEASURED")
	for _, n := range r.Nodes {
		if n.Self {
			continue
		}
		now := "down"
		if n.Up {
			now = micros(float64(n.AskMicros))
		}
		if l := links[n.Number]; l != nil {
			fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%.0f\t%s\n", n.Number, now, micros(l.AskMicros), micros(l.CallMicros), micros(l.Small.Micros), l.MBPerSecond, l.Measured.UTC().Format("2006-01-02 15:04Z"))
		} else {
			fmt.Fprintf(t, "%d\t%s\t-\t-\t-\t-\tnever (`tune`)\n", n.Number, now)
		}
	}
	return t.Flush()
}
