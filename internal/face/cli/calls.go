package cli

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"openmosix/internal/model/syscalls"
)

// callRow is one system call, as --json prints it.
type callRow struct {
	Nr      int    `json:"nr"`
	Name    string `json:"name"`
	Where   string `json:"where"`
	Else    string `json:"else,omitempty"` // where it runs when its conditions do not hold
	Handler string `json:"handler,omitempty"`
	Signal  string `json:"signal"`
	Reason  string `json:"reason,omitempty"`
	Note    string `json:"note,omitempty"`
}

func newCalls() *cobra.Command {
	c := &cobra.Command{
		Use:   "calls [NAME|NUMBER]",
		Short: "Print the call table: where each system call of a process away runs",
		Args:  arguments(cobra.MaximumNArgs(1)),
	}
	asJSON := c.Flags().Bool("json", false, "print an array of objects")
	c.RunE = func(c *cobra.Command, args []string) error {
		rows := callRows(args)
		if len(rows) == 0 {
			return usageError("%s: no such system call", args[0])
		}
		if *asJSON {
			return printJSON(c.OutOrStdout(), rows)
		}
		return printCalls(c.OutOrStdout(), rows)
	}
	return c
}

func callRows(args []string) []callRow {
	var out []callRow
	for _, r := range syscalls.Rows() {
		if len(args) > 0 && args[0] != r.Name && args[0] != strconv.Itoa(r.Nr) {
			continue
		}
		row := callRow{Nr: r.Nr, Name: r.Name, Where: r.Where.String(), Handler: string(r.Handler),
			Signal: r.Interrupt.String(), Reason: r.Reason, Note: r.Note}
		if len(r.When) > 0 {
			row.Else = r.Else.String()
		}
		out = append(out, row)
	}
	return out
}

func printCalls(w io.Writer, rows []callRow) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "NR\tNAME\tWHERE\tHANDLER\tSIGNAL\tREMARK")
	for _, r := range rows {
		where := r.Where
		if r.Else != "" {
			where += " or " + r.Else
		}
		remark := r.Reason
		if remark == "" {
			remark = r.Note
		}
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%s\n", r.Nr, r.Name, where, r.Handler, r.Signal, remark)
	}
	return t.Flush()
}
