package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
	"openmosix/internal/node/tuning"
)

// What is measured with.
const (
	smallMiB  = 1
	tuneAsks  = 5
	tuneCalls = 2000
	tuneMoves = 3 // of each kind; the best counts
)

// mostBusy is how much of a node's time others may use while it is measured,
// per cent, before that is worth a warning.
const mostBusy = 20

func newTune() *cobra.Command {
	c := &cobra.Command{
		Use:     "tune [NODE...]",
		Aliases: []string{"tune_kernel"},
		Short:   "Measure what it costs to reach other nodes and to run there",
		Long: `Measures between this node and each other (or those named): to ask its node
daemon, to move a small and a large process there and home, and to have a
system call of a process there done at home. What is moved are processes of
this command's own, which end with it. The node daemon keeps the outcome, and
its balancer reckons with it; mosctl gettune shows it.`,
	}
	ask := client(c)
	asJSON := c.Flags().Bool("json", false, "print an array of objects")
	size := c.Flags().Int("size", 64, "MiB of the large process")
	c.RunE = func(c *cobra.Command, args []string) error {
		if *size < 2*smallMiB || *size > 1<<16 {
			return usageError("--size %d: expected 2…65536 MiB", *size)
		}
		daemon := ask()
		nodes, err := nodesToTune(c.Context(), daemon, args)
		if err != nil {
			return err
		}
		links := []tuning.Link{}
		for _, n := range nodes {
			for _, why := range unfit(n) {
				fmt.Fprintf(c.ErrOrStderr(), "tune: node %d: %s\n", n.Number, why)
			}
			link, err := measureLink(c.Context(), daemon, n, *size)
			if err != nil {
				return err
			}
			links = append(links, link)
			r, err := daemon.Ask(c.Context(), control.Request{Verb: control.Costs, Link: &link}, nil)
			if err == nil && r.Code == control.NotPermitted {
				fmt.Fprintf(c.ErrOrStderr(), "tune: node %d: measured, but not kept: only root says what this node goes by\n", n.Number)
			} else if err == nil {
				err = errorOf(r)
			}
			if err != nil {
				return err
			}
		}
		if *asJSON {
			return printJSON(c.OutOrStdout(), links)
		}
		return printLinks(c.OutOrStdout(), links)
	}
	return c
}

func newPrepTune() *cobra.Command {
	c := &cobra.Command{
		Use:   "prep_tune [NODE...]",
		Short: "Tell whether this node and others are fit to be measured with tune",
	}
	ask := client(c)
	asJSON := c.Flags().Bool("json", false, "print an array of objects")
	c.RunE = func(c *cobra.Command, args []string) error {
		r, err := ask().Ask(c.Context(), control.Request{Verb: control.Nodes, Ask: true}, nil)
		if err == nil {
			err = errorOf(r)
		}
		if err != nil {
			return err
		}
		nodes, err := amongNodes(r.Nodes, args, true)
		if err != nil {
			return err
		}
		return tellFitness(c, nodes, *asJSON)
	}
	return c
}

type fitness struct {
	Node int      `json:"node"`
	Why  []string `json:"unfit"` // none: it is fit
}

func tellFitness(c *cobra.Command, nodes []control.Node, asJSON bool) error {
	all := []fitness{}
	var bad error
	for _, n := range nodes {
		f := fitness{n.Number, append([]string{}, unfit(n)...)}
		all = append(all, f)
		if len(f.Why) > 0 {
			bad = &exitError{code: ExitNo}
		}
		if asJSON {
			continue
		}
		if len(f.Why) == 0 {
			fmt.Fprintf(c.OutOrStdout(), "node %d: fit\n", n.Number)
		}
		for _, why := range f.Why {
			fmt.Fprintf(c.OutOrStdout(), "node %d: %s\n", n.Number, why)
		}
	}
	if asJSON {
		if err := printJSON(c.OutOrStdout(), all); err != nil {
			return err
		}
	}
	return bad
}

// unfit tells why a measurement of a node would be of little worth.
func unfit(n control.Node) []string {
	var why []string
	switch {
	case !n.Up:
		return []string{"it does not answer"}
	case !n.Accepting && !n.Self:
		why = append(why, "it takes no guests (`mosctl noblock -n "+strconv.Itoa(n.Number)+"`)")
	case n.Self && (n.Stay || n.LStay):
		why = append(why, "its processes stay here (`mosctl nostay`, `mosctl nolstay`)")
	}
	if n.Utilisation > mostBusy {
		why = append(why, fmt.Sprintf("it is busy, %d%% of its processors' time is in use: what is measured is too high", n.Utilisation))
	}
	return why
}

// amongNodes finds the nodes these words name; without words all, but for this
// one unless self.
func amongNodes(nodes []control.Node, words []string, self bool) ([]control.Node, error) {
	var out []control.Node
	for _, n := range nodes {
		if len(words) == 0 && (self || !n.Self && n.Up) {
			out = append(out, n)
		}
	}
	for _, word := range words {
		found := false
		for _, n := range nodes {
			if isCalled(n, word) {
				out, found = append(out, n), true
				if n.Self && !self {
					return nil, usageError("%s: that is this node; measured is the way to another", word)
				}
			}
		}
		if !found {
			return nil, &exitError{code: ExitUnknownNode, text: fmt.Sprintf("no node is called %q (`openmosix nodes` lists them)", word)}
		}
	}
	return out, nil
}

func nodesToTune(ctx context.Context, daemon *control.Client, words []string) ([]control.Node, error) {
	r, err := daemon.Ask(ctx, control.Request{Verb: control.Nodes, Ask: true}, nil)
	if err == nil {
		err = errorOf(r)
	}
	if err != nil {
		return nil, err
	}
	nodes, err := amongNodes(r.Nodes, words, false)
	if err == nil && len(nodes) == 0 {
		err = &exitError{code: exitOf(supervisor.Unreachable), text: "no other node is up"}
	}
	return nodes, err
}

// measureLink measures the way to one node.
func measureLink(ctx context.Context, daemon *control.Client, n control.Node, largeMiB int) (tuning.Link, error) {
	link := tuning.Link{Node: n.Number, Measured: time.Now().UTC().Truncate(time.Second)}
	for range tuneAsks {
		r, err := daemon.Ask(ctx, control.Request{Verb: control.Nodes, To: n.Number}, nil)
		if err == nil {
			err = errorOf(r)
		}
		if err == nil && (len(r.Nodes) != 1 || !r.Nodes[0].Up) {
			err = &exitError{code: exitOf(supervisor.Unreachable), text: fmt.Sprintf("node %d does not answer", n.Number)}
		}
		if err != nil {
			return link, err
		}
		link.AskMicros = least(link.AskMicros, float64(r.Nodes[0].AskMicros))
	}
	small, err := measureMoves(ctx, daemon, n.Number, smallMiB)
	if err != nil {
		return link, err
	}
	large, err := measureMoves(ctx, daemon, n.Number, largeMiB)
	if err != nil {
		return link, err
	}
	link.Small, link.Large, link.BackMicros, link.CallMicros = small.out, large.out, large.home, least(small.call, large.call)
	if micros := large.out.Micros - small.out.Micros; micros > 0 {
		link.MBPerSecond = float64(large.out.Bytes-small.out.Bytes) / micros
	}
	return link, nil
}

// least takes the lower of two costs: what disturbs a measurement only adds.
func least(before, now float64) float64 {
	if before == 0 {
		return now
	}
	return min(before, now)
}

// moves is the best of some moves to and fro, and of the calls made there.
type moves struct {
	out        tuning.Move
	home, call float64
}

func measureMoves(ctx context.Context, daemon *control.Client, node, mib int) (moves, error) {
	var m moves
	p, err := startProbe(ctx, mib)
	if err != nil {
		return m, err
	}
	defer p.end()
	move := func(to int) (wall, frozen float64, err error) {
		begun := time.Now()
		r, err := daemon.Ask(ctx, control.Request{Verb: control.Migrate, PID: p.pid(), To: to, Wait: true}, nil)
		if err == nil && r.Code != "" {
			err = errorOf(r)
		}
		if err != nil {
			return 0, 0, err
		}
		return float64(time.Since(begun).Microseconds()), float64(r.Micros), nil
	}
	for range tuneMoves {
		wall, frozen, err := move(node)
		if err != nil {
			return m, err
		}
		if m.out.Micros == 0 || wall < m.out.Micros {
			m.out = tuning.Move{Bytes: uint64(mib) << 20, Micros: wall, FrozenMicros: frozen}
		}
		call, err := p.calls(tuneCalls)
		if err != nil {
			return m, err
		}
		m.call = least(m.call, call)
		if wall, _, err = move(0); err != nil {
			return m, err
		}
		m.home = least(m.home, wall)
		// Every page differs from what the other node has seen.
		if err := p.rewrite(); err != nil {
			return m, err
		}
	}
	return m, nil
}

func printLinks(w io.Writer, links []tuning.Link) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NODE\tTO ASK\tA CALL HOME\tTO MOVE\tFROZEN\tTO MOVE LARGE\tFROZEN\tLARGE HOME\tMB/S")
	for _, l := range links {
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%.0f\n", l.Node, micros(l.AskMicros), micros(l.CallMicros), micros(l.Small.Micros), micros(l.Small.FrozenMicros),
			micros(l.Large.Micros), micros(l.Large.FrozenMicros), micros(l.BackMicros), l.MBPerSecond)
	}
	return t.Flush()
}

func micros(v float64) string {
	if v < 1000 {
		return strconv.FormatFloat(v, 'f', 1, 64) + " us"
	}
	return strconv.FormatFloat(v/1000, 'f', 2, 64) + " ms"
}
