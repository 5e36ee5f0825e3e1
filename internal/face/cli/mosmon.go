package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"openmosix/internal/face/tui"
	"openmosix/internal/model/load"
	"openmosix/internal/node/control"
)

// monitorFlags are single letters, which are keys of the running program too.
var monitorFlags = []struct {
	letter, name, about string
	figure              tui.Figure
	layout              tui.Layout
}{
	{"l", "load", "start with load", tui.Load, 0},
	{"L", "log-load", "start with load, logarithmic", tui.LogLoad, 0},
	{"s", "speed", "start with speed", tui.Speed, 0},
	{"m", "memory", "start with memory that can be lent", tui.Memory, 0},
	{"r", "raw-memory", "start with memory as kernels count it", tui.RawMemory, 0},
	{"u", "utilisation", "start with the processors' time in use", tui.Utilisation, 0},
	{"w", "wide", "wide columns", 0, tui.Wide},
	{"v", "vertical", "numbers written downwards", 0, tui.Vertical},
	{"V", "tight", "numbers written downwards, columns without gaps", 0, tui.Tight},
	{"a", "auto", "columns as wide as fits (the default)", 0, tui.Auto},
}

func newMosmon() *cobra.Command {
	c := &cobra.Command{
		Use:   "mosmon [+NODE]",
		Short: "Watch the nodes of the cluster",
		Args:  arguments(cobra.MaximumNArgs(1)),
	}
	ask := client(c)
	o := tui.Options{Figure: tui.Load, Layout: tui.Auto}
	chosen := make([]*bool, len(monitorFlags))
	for i, f := range monitorFlags {
		chosen[i] = c.Flags().BoolP(f.name, f.letter, false, f.about)
	}
	c.Flags().BoolVarP(&o.Dead, "dead", "d", false, "show dead nodes too")
	c.Flags().BoolVarP(&o.Totals, "totals", "t", false, "show totals")
	c.Flags().DurationVar(&o.Every, "interval", time.Second, "time between two looks")
	askAll := c.Flags().Bool("ask", false, "ask every node at every look, instead of showing what is known")
	once := c.Flags().BoolP("once", "1", false, "print a table once")
	asJSON := c.Flags().Bool("json", false, "print an array of objects once")
	c.RunE = func(c *cobra.Command, args []string) error {
		for i, f := range monitorFlags {
			if *chosen[i] && f.figure != 0 {
				o.Figure = f.figure
			} else if *chosen[i] {
				o.Layout = f.layout
			}
		}
		if o.Every < 100*time.Millisecond {
			return usageError("--interval %v: at least 100ms", o.Every)
		}
		if len(args) == 1 {
			n, err := strconv.Atoi(strings.TrimPrefix(args[0], "+"))
			if err != nil || n < 1 || args[0][0] != '+' {
				return usageError("%q: expected +NODE, the number of the first node to show", args[0])
			}
			o.First = n
		}
		fetch := fetchCluster(ask(), *askAll)
		if *once || *asJSON {
			return printCluster(c, fetch, o.First, *asJSON)
		}
		if err := needTerminal(); err != nil {
			return err
		}
		if _, err := fetch(c.Context()); errors.Is(err, control.ErrNotRunning) {
			return err // later it may come back, and is waited for
		}
		return tui.Monitor(c.Context(), fetch, o)
	}
	return c
}

// needTerminal refuses what only makes sense to people.
func needTerminal() error {
	if !isTerminal(os.Stdin) || !isTerminal(os.Stdout) {
		return usageError("this is a full-screen program and needs a terminal (-1 and --json print once)")
	}
	return nil
}

func fetchCluster(daemon *control.Client, askAll bool) tui.Fetch {
	return func(ctx context.Context) (tui.Cluster, error) {
		r, err := daemon.Ask(ctx, control.Request{Verb: control.Nodes, Ask: askAll}, nil)
		if err == nil {
			err = errorOf(r)
		}
		if err != nil {
			return tui.Cluster{}, err
		}
		c := tui.Cluster{Nodes: r.Nodes, Yard: load.Standard}
		if set, err := daemon.Ask(ctx, control.Request{Verb: control.Admin, Word: "show"}, nil); err == nil && set.Settings != nil {
			c.Yard = set.Settings.Yard
		}
		return c, nil
	}
}

func printCluster(c *cobra.Command, fetch tui.Fetch, first int, asJSON bool) error {
	cluster, err := fetch(c.Context())
	if err != nil {
		return err
	}
	nodes := []control.Node{}
	for _, n := range cluster.Nodes {
		if n.Number >= first {
			nodes = append(nodes, n)
		}
	}
	if asJSON {
		return printJSON(c.OutOrStdout(), nodes)
	}
	return printMonitor(c.OutOrStdout(), nodes)
}

func printMonitor(w io.Writer, nodes []control.Node) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NODE\tNAME\tSTATE\tLOAD\tUTIL%\tSPEED\tCPUS\tMEM\tFREE\tTO LEND\tGUESTS\tAWAY")
	for _, n := range nodes {
		if !n.Up {
			fmt.Fprintf(t, "%d\t%s\tdead%s\n", n.Number, n.Name, strings.Repeat("\t-", 9))
			continue
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%d\t%d\t%dM\t%s\t%s\t%s\t%s\n", n.Number, n.Name, stateOf(n), loadText(n), utilText(n),
			n.Speed, n.CPUs, n.MemTotal>>20, told(n, mib(n.MemAvailable)), told(n, mib(n.MemFree)), told(n, strconv.Itoa(n.Guests)), told(n, strconv.Itoa(n.Away)))
	}
	return t.Flush()
}
