package sim

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// column of a table of results.
type column struct {
	head  string
	value func(*Result) string
}

// sections are the tables that are printed, one below the other.
var sections = [][]column{
	{
		{"SLOWDOWN", func(r *Result) string { return fmt.Sprintf("%.3f", r.Slowdown) }},
		{"±", func(r *Result) string { return fmt.Sprintf("%.3f", r.Error) }},
		{"RATIO", func(r *Result) string { return fmt.Sprintf("%.3f", r.Ratio) }},
		{"MEDIAN", func(r *Result) string { return fmt.Sprintf("%.2f", r.Median) }},
		{"P95", func(r *Result) string { return fmt.Sprintf("%.1f", r.P95) }},
		{"RESPONSE", func(r *Result) string { return fmt.Sprintf("%.1fs", r.Response) }},
		{"MAKESPAN", func(r *Result) string { return fmt.Sprintf("%.1fs", r.Makespan) }},
		{"CPU", func(r *Result) string { return fmt.Sprintf("%.1f%%", r.Utilisation*100) }},
		{"THRASHING", func(r *Result) string { return fmt.Sprintf("%.2f%%", r.Thrashing*100) }},
	},
	{
		{"JOBS", func(r *Result) string { return fmt.Sprint(r.Started) }},
		{"LOST", func(r *Result) string { return fmt.Sprint(r.Lost) }},
		{"UNFINISHED", func(r *Result) string { return fmt.Sprint(r.Unfinished) }},
		{"PLACED", func(r *Result) string { return fmt.Sprint(r.Placed) }},
		{"MOVES", func(r *Result) string { return fmt.Sprint(r.Moves) }},
		{"WASTED", func(r *Result) string { return fmt.Sprint(r.Wasted) }},
		{"REFUSED", func(r *Result) string { return fmt.Sprint(r.Refused) }},
		{"SENT", func(r *Result) string { return fmt.Sprintf("%.1fG", r.MovedBytes/(1<<30)) }},
		{"SPREAD", func(r *Result) string { return fmt.Sprintf("%.1fs", r.Spread) }},
		{"INFO B/s", func(r *Result) string { return fmt.Sprintf("%.0f", r.Told) }},
		{"AGE", func(r *Result) string { return fmt.Sprintf("%.2fs", r.Age50) }},
		{"AGE P99", func(r *Result) string { return fmt.Sprintf("%.2fs", r.Age99) }},
	},
}

// Print writes the results as tables.
func (r *Report) Print(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "%s\n%d nodes, %d runs, seed %d\n", r.Title, r.Nodes, r.Runs, r.Seed); err != nil {
		return err
	}
	for _, columns := range sections {
		fmt.Fprintln(w)
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		heads := make([]string, len(columns))
		for i, c := range columns {
			heads[i] = c.head
		}
		fmt.Fprintf(t, "POLICY\t%s\t\n", strings.Join(heads, "\t"))
		for i := range r.Policies {
			values := make([]string, len(columns))
			for k, c := range columns {
				values[k] = c.value(&r.Policies[i])
			}
			fmt.Fprintf(t, "%s\t%s\t\n", r.Policies[i].Policy, strings.Join(values, "\t"))
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}
