package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"openmosix/internal/model/visible"
	"openmosix/internal/node/control"
)

// followEvery is the time between two looks at what was discovered.
const followEvery = time.Second

// discovered is what omdiscd --json prints.
type discovered struct {
	*control.Discovery
	Nodes []control.Node `json:"nodes"`
}

func newOmdiscd() *cobra.Command {
	var to control.Discovery
	c := &cobra.Command{
		Use:   "omdiscd [-i INTERFACE[,INTERFACE...]] [-m TTL] [-n]",
		Short: "Say how this node finds others, and see what it finds",
		Long: `What the discovery daemon of openMosix did is part of the node daemon. This sets
its interfaces and the reach of its beacons until the configuration is read
again, and shows what it finds: with -n in the foreground, as it comes.`,
		Args: noArguments,
	}
	ask := client(c)
	c.Flags().StringSliceVarP(&to.Interfaces, "interface", "i", nil, "send and hear beacons on these interfaces")
	c.Flags().IntVarP(&to.TTL, "multicast-ttl", "m", 0, "how many networks a beacon may cross, 1…255")
	follow := c.Flags().BoolP("nodaemon", "n", false, "stay in the foreground and tell who comes and goes")
	asJSON := c.Flags().Bool("json", false, "print an object")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if *follow && *asJSON {
			return usageError("-n and --json exclude each other (`openmosix events` follows for programs)")
		}
		if c.Flags().Changed("multicast-ttl") && (to.TTL < 1 || to.TTL > 255) {
			return usageError("-m %d: expected 1…255", to.TTL)
		}
		request := control.Request{Verb: control.Discover}
		if len(to.Interfaces) > 0 || to.TTL > 0 {
			request.Discovery = &to
		}
		daemon := ask()
		r, err := daemon.Ask(c.Context(), request, nil)
		if err == nil {
			err = errorOf(r)
		}
		if err != nil {
			return err
		}
		found, err := daemon.Ask(c.Context(), control.Request{Verb: control.Nodes}, nil)
		if err == nil {
			err = errorOf(found)
		}
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(c.OutOrStdout(), discovered{r.Discovery, found.Nodes})
		}
		if err := printDiscovery(c.OutOrStdout(), r.Discovery); err != nil {
			return err
		}
		seen := map[int]string{}
		if err := tellNews(c.OutOrStdout(), seen, found.Nodes); err != nil || !*follow {
			return err
		}
		return followNodes(c, daemon, seen)
	}
	return c
}

func printDiscovery(w io.Writer, d *control.Discovery) error {
	if !d.Enabled || !d.Multicast {
		_, err := fmt.Fprintln(w, "no beacons are sent: nodes come from the configuration")
		return err
	}
	on := "all interfaces"
	if len(d.Interfaces) > 0 {
		on = strings.Join(d.Interfaces, ", ")
	}
	_, err := fmt.Fprintf(w, "beacons on %s, UDP port %d, ttl %d\n", on, d.Port, d.TTL)
	return err
}

// tellNews prints a line for each node that is not as it was seen last.
func tellNews(w io.Writer, seen map[int]string, nodes []control.Node) error {
	here := make(map[int]bool, len(nodes))
	for _, n := range nodes {
		here[n.Number] = true
		now := fmt.Sprintf("node %d (%s) at %s: %s", n.Number, visible.Line(n.Name), n.Address, stateOf(n))
		if seen[n.Number] == now {
			continue
		}
		seen[n.Number] = now
		if _, err := fmt.Fprintln(w, now); err != nil {
			return err
		}
	}
	for number := range seen {
		if here[number] {
			continue
		}
		delete(seen, number)
		if _, err := fmt.Fprintf(w, "node %d: has left\n", number); err != nil {
			return err
		}
	}
	return nil
}

// followNodes goes on until it is interrupted.
func followNodes(c *cobra.Command, daemon *control.Client, seen map[int]string) error {
	for {
		select {
		case <-c.Context().Done():
			return nil
		case <-time.After(followEvery):
		}
		r, err := daemon.Ask(c.Context(), control.Request{Verb: control.Nodes}, nil)
		if c.Context().Err() != nil {
			return nil
		}
		if err == nil {
			err = errorOf(r)
		}
		if err == nil {
			err = tellNews(c.OutOrStdout(), seen, r.Nodes)
		}
		if err != nil {
			return err
		}
	}
}
