package cli

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"openmosix/internal/model/nodemap"
	"openmosix/internal/node/control"
)

func newShowmap() *cobra.Command {
	c := &cobra.Command{
		Use:   "showmap",
		Short: "Show the node numbers of the cluster and their addresses, as openMosix did",
		Args:  noArguments,
	}
	ask := client(c)
	asJSON := c.Flags().Bool("json", false, "print an object")
	c.RunE = func(c *cobra.Command, _ []string) error {
		nodes, self, err := nodesOf(c, ask())
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(c.OutOrStdout(), mapShown(nodes, self))
		}
		return printMap(c.OutOrStdout(), mapShown(nodes, self))
	}
	return c
}

// nodesOf asks a node for all nodes, as a map has them.
func nodesOf(c *cobra.Command, client *control.Client) (nodes []nodemap.Node, self int, err error) {
	r, err := client.Ask(c.Context(), control.Request{Verb: control.Nodes}, nil)
	if err == nil {
		err = errorOf(r)
	}
	if err != nil {
		return nil, 0, err
	}
	nodes, self = control.MapOf(r.Nodes)
	return nodes, self, nil
}

// shownMap is what showmap prints: runs of numbers at consecutive addresses.
type shownMap struct {
	Self int        `json:"node"`
	Runs []shownRun `json:"map"`
}

type shownRun struct {
	Base    int    `json:"base"`
	Address string `json:"address"`
	Count   int    `json:"count"`
}

func mapShown(nodes []nodemap.Node, self int) shownMap {
	s := shownMap{Self: self, Runs: []shownRun{}}
	lines, err := nodemap.Parse([]byte(nodemap.Format(nodes)))
	if err != nil {
		// Two nodes of one number or address: line by line, as they are.
		for _, n := range nodes {
			s.Runs = append(s.Runs, shownRun{n.Number, n.Hosts[0], 1})
		}
		return s
	}
	for _, l := range lines {
		s.Runs = append(s.Runs, shownRun{l.Number, l.Host, l.Count})
	}
	return s
}

func printMap(w io.Writer, s shownMap) error {
	if _, err := fmt.Fprintf(w, "My Node-Id: 0x%04x\n\n", s.Self); err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "Base Node-Id\tAddress\tCount")
	for _, r := range s.Runs {
		fmt.Fprintf(t, "0x%04x\t%s\t%d\n", r.Base, r.Address, r.Count)
	}
	return t.Flush()
}
