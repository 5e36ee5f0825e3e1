package cli

import (
	"fmt"
	"io"
	"strings"

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
			err = printJSON(c.OutOrStdout(), whyJSON{PID: pids[0], Reasons: append([]control.Reason{}, r.Reasons...), Balance: r.Balance})
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
	if r.Balance != nil {
		fmt.Fprintf(&b, "%d: balance: %s\n", pid, r.Balance.Text)
	}
	_, err := io.WriteString(c.OutOrStdout(), b.String())
	return err
}
