package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

func newWhy() *cobra.Command {
	c := &cobra.Command{
		Use:   "why PID",
		Short: "Tell whether a process can move, and what the balancer thinks of it",
		Args:  arguments(cobra.ExactArgs(1)),
	}
	ask := client(c)
	asJSON := c.Flags().Bool("json", false, "print the reasons and the balancer's view as an object")
	c.RunE = func(c *cobra.Command, args []string) error {
		pids, err := parsePIDs(args)
		if err != nil {
			return err
		}
		r, err := ask().Ask(c.Context(), control.Request{Verb: control.Why, PID: pids[0]}, nil)
		if err != nil {
			return err
		}
		if r.Code != "" && r.Code != supervisor.CannotMove {
			return &exitError{code: exitOf(r.Code), text: fmt.Sprintf("%d: %s", pids[0], r.Text)}
		}
		if *asJSON {
			err = printJSON(c.OutOrStdout(), whyJSON{PID: pids[0], Reasons: append([]control.Reason{}, r.Reasons...), Away: r.Away, Balance: r.Balance})
		} else {
			err = printReasons(c, pids[0], r)
		}
		if err != nil || r.Code == "" {
			return err
		}
		return &exitError{code: exitOf(r.Code)}
	}
	return c
}

// whyJSON is what --json prints.
type whyJSON struct {
	PID     int              `json:"pid"`
	Reasons []control.Reason `json:"reasons"`
	Away    *control.Away    `json:"away,omitempty"`
	Balance *control.Balance `json:"balance,omitempty"`
}

func printReasons(c *cobra.Command, pid int, r *control.Result) error {
	var b strings.Builder
	if len(r.Reasons) == 0 {
		fmt.Fprintf(&b, "%d: can move\n", pid)
	}
	for _, reason := range r.Reasons {
		fmt.Fprintf(&b, "%d: %s\n", pid, reason.Text)
		if reason.Hint != "" {
			fmt.Fprintf(&b, "    %s\n", reason.Hint)
		}
	}
	if r.Away != nil {
		writeAway(&b, pid, r.Away)
	}
	if r.Balance != nil {
		fmt.Fprintf(&b, "%d: balance: %s\n", pid, r.Balance.Text)
	}
	_, err := io.WriteString(c.OutOrStdout(), b.String())
	return err
}

// shownCosts is of how many nodes people are told what a process would cost there.
const shownCosts = 8

// writeAway tells where a process is, and what it costs there and elsewhere.
func writeAway(b *strings.Builder, pid int, a *control.Away) {
	fmt.Fprintf(b, "%d: away on node %d", pid, a.Node)
	if a.For > 0 {
		fmt.Fprintf(b, " for %v; %.3g calls a second went home", lasting(a.For), a.Calls)
	}
	if a.Mute {
		b.WriteString("; the connection there is broken, or nothing comes by it")
	}
	b.WriteByte('\n')
	if len(a.Costs) == 0 {
		return
	}
	texts := make([]string, 0, len(a.Costs))
	for i, c := range a.Costs {
		// Where it runs and its home are told of however many are cheaper.
		if i < shownCosts || c.Node == a.Node || c.Node == 0 {
			texts = append(texts, costText(c, a.Node))
		}
	}
	more := ""
	if n := len(a.Costs) - len(texts); n > 0 {
		more = fmt.Sprintf("; and %d more nodes", n)
	}
	fmt.Fprintf(b, "%d: cost %s%s\n", pid, strings.Join(texts, ", "), more)
}

func costText(c control.Cost, at int) string {
	text := place(c.Node)
	if c.Node != 0 {
		text = "on " + text
	} else {
		text = "at " + text
	}
	if c.Cost > 0 {
		text = fmt.Sprintf("%.3g %s", c.Cost, text)
	} else {
		text = "not known " + text
	}
	switch {
	case c.Node == at && c.Text != "":
		return text + ", where it runs (" + c.Text + ")"
	case c.Node == at:
		return text + ", where it runs"
	case c.Text != "":
		return text + " (" + c.Text + ")"
	}
	return text
}

// lasting is a time for people, in steps that tell something.
func lasting(millis int64) time.Duration {
	d := time.Duration(millis) * time.Millisecond
	if d > 10*time.Second {
		return d.Round(time.Second)
	}
	return d.Round(100 * time.Millisecond)
}
