package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

func newWhy() *cobra.Command {
	c := &cobra.Command{
		Use:   "why PID",
		Short: "Tell whether a process can move, and if not, why",
		Args:  arguments(cobra.ExactArgs(1)),
	}
	ask := client(c)
	asJSON := c.Flags().Bool("json", false, "print an array of the reasons")
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
			err = printJSON(c.OutOrStdout(), append([]control.Reason{}, r.Reasons...))
		} else {
			err = printReasons(c, pids[0], r.Reasons)
		}
		if err != nil || r.Code == "" {
			return err
		}
		return &exitError{code: exitOf(r.Code)}
	}
	return c
}

func printReasons(c *cobra.Command, pid int, reasons []control.Reason) error {
	w := c.OutOrStdout()
	if len(reasons) == 0 {
		_, err := fmt.Fprintf(w, "%d: can move\n", pid)
		return err
	}
	for _, r := range reasons {
		line := fmt.Sprintf("%d: %s", pid, r.Text)
		if r.Hint != "" {
			line += "\n    " + r.Hint
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}
