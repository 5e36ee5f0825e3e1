package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"openmosix/internal/node/config"
	"openmosix/internal/node/control"
	"openmosix/lab/cluster"
)

// labDirVariable changes the default of --dir.
const labDirVariable = "OPENMOSIX_LAB_DIR"

// labFlags name the lab a command is about.
type labFlags struct {
	dir, name string
}

func (f *labFlags) open() (*cluster.Lab, error) { return cluster.Open(f.dir, f.name) }

func newLabCommand() *cobra.Command {
	f := &labFlags{}
	lab := &cobra.Command{
		Use:   "lab",
		Short: "Make a cluster of real nodes on this machine",
		Long: `The lab makes nodes on this machine that are separate machines to each other:
network, processes, host name, /tmp, /run, terminals. The rest of the file
system is this machine's. Everything goes with "lab down".`,
		Example: `  openmosix lab up --nodes 3 --cpus 0,1,1
  openmosix lab exec 1 -- hostname
  openmosix lab shell 2
  openmosix lab down`,
		Args: arguments(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	lab.PersistentFlags().StringVar(&f.dir, "dir", labDir(), "directory of the labs of this machine ($"+labDirVariable+")")
	lab.PersistentFlags().StringVar(&f.name, "name", cluster.DefaultName, "name of the lab")
	lab.AddCommand(newLabUp(f), newLabDown(f), newLabStatus(f), newLabExec(f), newLabShell(f),
		newLabProcess(cluster.HubVerb, cluster.RunHub), newLabProcess(cluster.InitVerb, cluster.RunInit))
	return lab
}

func labDir() string {
	if dir := os.Getenv(labDirVariable); dir != "" {
		return dir
	}
	return cluster.DefaultBase
}

func newLabUp(f *labFlags) *cobra.Command {
	var (
		nodes    int
		cpus     []string
		memory   []string
		binds    []string
		networks []string
		rate     []string
		noDaemon bool
		fixed    bool
		balance  bool
		with     int
	)
	c := &cobra.Command{
		Use:   "up",
		Short: "Make the lab",
		Args:  noArguments,
	}
	c.Flags().IntVar(&nodes, "nodes", 3, "how many nodes")
	c.Flags().StringSliceVar(&cpus, "cpus", nil, "the one CPU of each node, as 0,1,1 (- for all)")
	c.Flags().StringSliceVar(&memory, "memory", nil, "the memory of each node in MiB, as 512,-,- (- for what this machine has)")
	c.Flags().StringSliceVar(&networks, "networks", nil, "the networks of each node, a letter each, as a,ab,b; a node in several is a relay (default: all in one)")
	c.Flags().StringSliceVar(&rate, "rate", nil, "how fast the links of each node are in Mbit/s, as 1000,100,- (- for as fast as this machine copies)")
	c.Flags().StringArrayVar(&binds, "bind", nil, "SOURCE[:TARGET], a path of this machine to show in the nodes (may be repeated)")
	c.Flags().BoolVar(&balance, "balance", false, "processes of all users move by themselves, root's too")
	c.Flags().BoolVar(&fixed, "fixed", false, "tell each node of all others instead of letting them find each other")
	c.Flags().IntVar(&with, "with", 0, "take the lab down when this process ends, as that of a script: --with $$")
	c.Flags().BoolVar(&noDaemon, "no-daemon", false, "start no node daemons")
	c.RunE = func(c *cobra.Command, _ []string) error {
		o := cluster.Options{Base: f.dir, Name: f.name, Nodes: nodes, Daemon: !noDaemon, Find: !fixed, Balance: balance, Networks: networks, Links: applets, With: with}
		var err error
		if o.CPUs, err = eachNode("--cpus", "a CPU number", cpus, cluster.NotPinned); err != nil {
			return err
		}
		for _, cpu := range o.CPUs {
			if _, err := os.Stat(fmt.Sprintf("/sys/devices/system/cpu/cpu%d", cpu)); cpu != cluster.NotPinned && err != nil {
				return usageError("--cpus: this machine has no CPU %d (lscpu lists them)", cpu)
			}
		}
		if o.Memory, err = eachNode("--memory", "a number of MiB", memory, cluster.AllMemory); err != nil {
			return err
		}
		if o.Rate, err = eachNode("--rate", "a number of Mbit/s", rate, cluster.Unlimited); err != nil {
			return err
		}
		for _, b := range binds {
			source, target, ok := strings.Cut(b, ":")
			if !ok {
				target = source
			}
			o.Binds = append(o.Binds, cluster.Bind{Source: source, Target: target})
		}
		l, err := cluster.Up(c.Context(), o)
		if err != nil {
			return err
		}
		if o.Daemon && o.Find {
			if err := awaitFound(c.Context(), l.State.Nodes); err != nil {
				return errors.Join(err, l.Down())
			}
		}
		return printLab(c.OutOrStdout(), l.Health())
	}
	return c
}

// findLimit is how long the nodes of a lab may take to find each other.
const findLimit = 30 * time.Second

// awaitFound waits until every node sees every other.
func awaitFound(ctx context.Context, nodes []cluster.NodeState) error {
	ctx, cancel := context.WithTimeout(ctx, findLimit)
	defer cancel()
	for _, n := range nodes {
		client := control.NewClient(fmt.Sprintf("/proc/%d/root%s", n.PID, config.DefaultRunDir))
		for {
			r, err := client.Ask(ctx, control.Request{Verb: control.Nodes}, nil)
			if err == nil && upOf(r.Nodes) >= len(nodes) {
				break
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("the nodes of the lab do not find each other within %v (--fixed tells them of each other)", findLimit)
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	return nil
}

func upOf(nodes []control.Node) int {
	up := 0
	for _, n := range nodes {
		if n.Up {
			up++
		}
	}
	return up
}

// eachNode reads a flag's number of each node; - is what none means.
func eachNode(flag, what string, words []string, none int) ([]int, error) {
	var all []int
	for _, w := range words {
		n, err := strconv.Atoi(w)
		if w == "-" {
			all = append(all, none)
			continue
		}
		if err != nil || n < 0 {
			return nil, usageError("%s: %q is neither %s nor -", flag, w, what)
		}
		all = append(all, n)
	}
	return all, nil
}

func newLabDown(f *labFlags) *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use:   "down",
		Short: "Take the lab down, whatever state it is in",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			names := []string{f.name}
			if all {
				var err error
				if names, err = cluster.Names(f.dir); err != nil {
					return err
				}
			}
			var failed error
			for _, name := range names {
				failed = errors.Join(failed, cluster.Down(f.dir, name))
			}
			return failed
		},
	}
	c.Flags().BoolVar(&all, "all", false, "every lab of --dir")
	return c
}

func newLabStatus(f *labFlags) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Show the lab's nodes",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			l, err := f.open()
			if err != nil {
				return err
			}
			if !asJSON {
				return printLab(c.OutOrStdout(), l.Health())
			}
			e := json.NewEncoder(c.OutOrStdout())
			e.SetIndent("", "  ")
			return e.Encode(l.Health())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func printLab(w io.Writer, h cluster.Health) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NODE\tHOST\tADDRESS\tCPU\tPID\tDAEMON")
	for i, n := range h.Nodes {
		cpu, daemon := "all", h.Live[i].Daemon
		if n.CPU != cluster.NotPinned {
			cpu = strconv.Itoa(n.CPU)
		}
		if !h.Live[i].Alive {
			daemon = "the node is dead"
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%d\t%s\n", n.Number, n.Host, n.Address, cpu, n.PID, daemon)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if !h.HubAlive || slices.ContainsFunc(h.Live, func(n cluster.NodeHealth) bool { return !n.Alive }) {
		return errors.New("the lab is broken: openmosix lab down removes it")
	}
	return nil
}

// newLabProcess is a command for the lab itself, not for people.
func newLabProcess(verb string, run func() int) *cobra.Command {
	return &cobra.Command{
		Use: verb, Hidden: true, DisableFlagParsing: true,
		Run: func(*cobra.Command, []string) { os.Exit(run()) },
	}
}
