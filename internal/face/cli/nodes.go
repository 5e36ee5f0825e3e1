package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"openmosix/internal/model/visible"
	"openmosix/internal/node/control"
)

func newNodes() *cobra.Command {
	c := &cobra.Command{
		Use:   "nodes",
		Short: "List the nodes of the cluster",
		Args:  noArguments,
	}
	ask := client(c)
	asJSON := c.Flags().Bool("json", false, "print an array of objects")
	askAll := c.Flags().Bool("ask", false, "ask every node now, instead of telling what is known")
	c.RunE = func(c *cobra.Command, _ []string) error {
		r, err := ask().Ask(c.Context(), control.Request{Verb: control.Nodes, Ask: *askAll}, nil)
		if err == nil {
			err = errorOf(r)
		}
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(c.OutOrStdout(), r.Nodes)
		}
		return printNodes(c.OutOrStdout(), r.Nodes)
	}
	return c
}

func printNodes(w io.Writer, nodes []control.Node) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NODE\tNAME\tADDRESS\tSTATE\tCPUS\tMEM\tFREE\tLOAD\tGUESTS\tAWAY\tAGE")
	for _, n := range nodes {
		fmt.Fprintf(t, "%d\t%s\t%s\t%s", n.Number, n.Name, n.Address, stateOf(n)+viaText(n))
		if n.Up {
			fmt.Fprintf(t, "\t%d\t%dM\t%s\t%s\t%s\t%s\t%d.%ds", n.CPUs, n.MemTotal>>20, told(n, mib(n.MemFree)), loadText(n),
				told(n, strconv.Itoa(n.Guests)), told(n, strconv.Itoa(n.Away)), n.AgeMillis/1000, n.AgeMillis/100%10)
		} else { // or the columns of the others would not be below their names
			fmt.Fprint(t, strings.Repeat("\t-", 7))
		}
		fmt.Fprintln(t)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, n := range nodes {
		if len(n.Twins) > 0 {
			fmt.Fprintf(w, "node number %d is taken twice: by %s and by %s; change one of them\n", n.Number, n.Address, strings.Join(n.Twins, ", "))
		}
	}
	return nil
}

// told is a figure that has to do with load: a dash, if the node is quiet.
func told(n control.Node, text string) string {
	if n.Quiet && !n.Self {
		return "-"
	}
	return text
}

func loadText(n control.Node) string { return told(n, strconv.FormatFloat(n.Load, 'f', 2, 64)) }

func mib(bytes uint64) string { return strconv.FormatUint(bytes>>20, 10) + "M" }

func stateOf(n control.Node) string {
	switch {
	case !n.Up:
		return "down"
	case n.Self:
		return joined("here", lendsText(n))
	case lendsText(n) != "":
		return lendsText(n)
	}
	return "up"
}

// lendsText tells of a node that takes no guests.
func lendsText(n control.Node) string {
	switch {
	case !n.Accepting:
		return "lends nothing"
	case n.Refuses != "":
		return "lends nothing now"
	}
	return ""
}

func joined(a, b string) string {
	if b == "" {
		return a
	}
	return a + ", " + b
}

// viaText names the relay a node is reached by.
func viaText(n control.Node) string {
	if n.Via == 0 {
		return ""
	}
	return fmt.Sprintf(" via %d", n.Via)
}

func newStatus() *cobra.Command {
	c := &cobra.Command{
		Use:   "status",
		Short: "Show this node: what it is, what is away, whom it lends to",
		Args:  noArguments,
	}
	ask := client(c)
	asJSON := c.Flags().Bool("json", false, "print an object")
	c.RunE = func(c *cobra.Command, _ []string) error {
		r, err := ask().Ask(c.Context(), control.Request{Verb: control.Status}, nil)
		if err == nil {
			err = errorOf(r)
		}
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(c.OutOrStdout(), r.Status)
		}
		return printStatus(c.OutOrStdout(), r)
	}
	return c
}

func ownerText(o control.Owner) string {
	text := "guests: "
	if o.Refuses != "" {
		text += "none are taken: " + o.Refuses
	} else {
		text += "owner " + o.Phase
	}
	if o.Leaving > 0 {
		text += fmt.Sprintf(", %d leaving", o.Leaving)
	}
	return text + "\nguests live in: " + o.Limits
}

func printStatus(w io.Writer, r *control.Result) error {
	s := r.Status
	if _, err := fmt.Fprintf(w, "node %d (%s), cluster %s, daemon %d, kernel %s\n%d away, %d lent to, %d connections refused, %d passed on\n%s\n\n",
		s.Number, s.Name, s.Cluster, s.PID, s.Release, s.Away, s.Guests, s.Refused, s.Passing, ownerText(s.Owner)); err != nil {
		return err
	}
	if err := printNodes(w, r.Nodes); err != nil || len(s.Lent) == 0 {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nGUEST\tHOME\tPID THERE\tUID\tGID\tMEM\tCPU\tCOMMAND")
	for _, g := range s.Lent {
		fmt.Fprintf(t, "%d\tnode %d\t%s\t%s\t%s\t%dM\t%d.%03ds\t%s\n", g.PID, g.Home, toldPID(g.HomePID), toldID(g.UID), toldID(g.GID),
			g.RSS>>20, g.CPU/1e6, g.CPU/1e3%1e3, toldCommand(g))
	}
	return t.Flush()
}

// toldPID is a dash for what a guest's home does not disclose.
func toldPID(pid int) string {
	if pid == 0 {
		return "-"
	}
	return strconv.Itoa(pid)
}

func toldID(id *int) string {
	if id == nil {
		return "-"
	}
	return strconv.Itoa(*id)
}

// toldCommand comes from another node: what would work on a terminal is made visible.
func toldCommand(g control.Guest) string {
	text := strings.Join(g.Args, " ")
	if text == "" {
		text = g.Command
	}
	if text == "" {
		return "-"
	}
	return visible.Line(text)
}
