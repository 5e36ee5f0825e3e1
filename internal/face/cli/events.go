package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"openmosix/internal/model/event"
	"openmosix/internal/node/control"
)

func newEvents() *cobra.Command {
	c := &cobra.Command{
		Use:   "events",
		Short: "Follow what happens on this node, another one, or all",
		Args:  noArguments,
	}
	ask := client(c)
	asJSON := c.Flags().Bool("json", false, "print an object on each line")
	all := c.Flags().Bool("all", false, "of all nodes, also of those that come later")
	node := c.Flags().String("node", "", "of the node with this number or name")
	since := c.Flags().Duration("since", 0, "begin with what happened this long ago, as 10m or 2h")
	kinds := c.Flags().StringSlice("kind", nil, "only of these kinds, separated by commas; list shows them")
	count := c.Flags().IntP("count", "n", 0, "end after so many")
	past := c.Flags().Bool("past", false, "tell what has happened, and end")
	c.RunE = func(c *cobra.Command, _ []string) error {
		r := control.Request{Verb: control.Events, Watch: &control.Watch{All: *all, Since: since.Milliseconds()}}
		for _, k := range *kinds {
			if k == "list" {
				return listKinds(c)
			}
			if !event.Known(event.Kind(k)) {
				return usageError("there is no kind of events called %q (--kind list shows them)", k)
			}
			r.Watch.Kinds = append(r.Watch.Kinds, event.Kind(k))
		}
		switch {
		case *all && *node != "":
			return usageError("either --all or --node")
		case *since < 0 || *count < 0:
			return usageError("--since and --count cannot be negative")
		}
		if *node != "" {
			var err error
			if r.To, r.Node, err = nodeNamed(*node); err != nil {
				return err
			}
		}
		if *past && *since == 0 {
			return usageError("--past wants to know since when: --since 1h")
		}
		f := following{c: c, asJSON: *asJSON, count: *count, past: *past}
		return f.run(ask(), r)
	}
	return c
}

// following is how events are told.
type following struct {
	c      *cobra.Command
	asJSON bool
	count  int  // how many are wanted; 0: all
	past   bool // those that have happened when it begins
}

// errEnough ends a stream.
var errEnough = errors.New("as many as were wanted")

// pastQuiet is how long nothing comes when all that has happened has been told, also by other nodes.
const pastQuiet = time.Second

func (f following) run(client *control.Client, r control.Request) error {
	ctx, cancel := context.WithCancelCause(f.c.Context())
	defer cancel(nil)
	begun, left := time.Now(), f.count
	quiet := time.AfterFunc(pastQuiet, func() { cancel(errEnough) })
	if !f.past {
		quiet.Stop()
	}
	result, err := client.Watch(ctx, r, func(e event.Event) error {
		remark := event.RowOf(e.What.Kind()).Remark
		if f.past {
			quiet.Reset(pastQuiet)
			if !remark && e.Time.After(begun) {
				return nil
			}
		}
		if err := f.tell(e); err != nil || remark {
			return err
		}
		if left--; left == 0 {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) || errors.Is(err, context.Canceled) {
		return nil
	}
	if err != nil {
		return err
	}
	return errorOf(result)
}

func (f following) tell(e event.Event) error {
	e.Time = e.Time.Local()
	line := e.Text()
	if f.asJSON {
		text, err := json.Marshal(e)
		if err != nil {
			return err
		}
		line = string(text)
	}
	_, err := fmt.Fprintln(f.c.OutOrStdout(), line)
	return err
}

func listKinds(c *cobra.Command) error {
	width := 0
	for _, k := range event.Kinds() {
		width = max(width, len(k.Kind))
	}
	for _, k := range event.Kinds() {
		if _, err := fmt.Fprintf(c.OutOrStdout(), "%s%s  %s\n", k.Kind, strings.Repeat(" ", width-len(k.Kind)), k.Meaning); err != nil {
			return err
		}
	}
	return nil
}
