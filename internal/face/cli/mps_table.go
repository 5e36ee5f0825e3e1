package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"openmosix/internal/face/tui"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
	"openmosix/internal/node/listing"
	"openmosix/internal/node/policy"
)

// psTable is what mps prints. stays is nil when it was not asked for.
type psTable struct {
	rows     []listing.Row
	branches []string // before the command, of a tree
	stays    [][]string
	policies map[int]policy.Policy
}

// lockText as the LOCK column has it.
func lockText(p policy.Policy) string {
	if p.Lock {
		return "1"
	}
	return "0"
}

// unknownStay stands for the reasons of a process the caller may not examine.
const unknownStay = "?"

// cantMove asks what keeps each process from moving.
func cantMove(ctx context.Context, daemon *control.Client, rows []listing.Row) ([][]string, error) {
	all := make([][]string, len(rows))
	for i, row := range rows {
		r, err := daemon.Ask(ctx, control.Request{Verb: control.Why, PID: row.PID}, nil)
		if err != nil {
			return nil, err
		}
		switch r.Code {
		case "", supervisor.CannotMove:
			all[i] = []string{}
			for _, reason := range r.Reasons {
				all[i] = append(all[i], reason.Code)
			}
		default:
			all[i] = []string{unknownStay}
		}
	}
	return all, nil
}

func (t psTable) json(home int) []psRow {
	out := psRows(t.rows, home)
	for i := range out {
		if p, said := t.policies[out[i].PID]; said {
			out[i].Policy = &p
		}
	}
	for i := range t.stays {
		if len(t.stays[i]) != 1 || t.stays[i][0] != unknownStay {
			out[i].CantMove = &t.stays[i]
		}
	}
	return out
}

func (t psTable) print(out io.Writer) error {
	moves := slices.ContainsFunc(t.rows, func(r listing.Row) bool { return r.Move != nil })
	move := func(r listing.Row) string { // a column that is there when it is needed
		if !moves {
			return ""
		}
		return r.Move.String() + "\t"
	}
	head := ""
	if moves {
		head = "MOVE\t"
	}
	w := tabwriter.NewWriter(out, 0, 0, 1, ' ', tabwriter.AlignRight|tabwriter.DiscardEmptyColumns)
	if t.stays == nil {
		fmt.Fprintf(w, "PID\tTTY\tNODE\tSTAT\t%sTIME\t COMMAND\n", head)
	} else {
		fmt.Fprintf(w, "PID\tTTY\tNODE\tNMIGS\tLOCK\tCANTMOVE\tSTAT\t%sTIME\tMEM\t COMMAND\n", head)
	}
	for i, r := range t.rows {
		command := r.Command
		if t.branches != nil {
			command = t.branches[i] + command
		}
		if t.stays == nil {
			fmt.Fprintf(w, "%d\t%s\t%d\t%s\t%s%s\t %s\n", r.PID, listing.TTYName(r.TTY), r.Node, r.Stat, move(r), cpuTime(r.CPU), command)
			continue
		}
		stays := strings.Join(t.stays[i], ",")
		if stays == "" {
			stays = "-"
		}
		fmt.Fprintf(w, "%d\t%s\t%d\t%d\t%s\t%s\t%s\t%s%s\t%s\t %s\n", r.PID, listing.TTYName(r.TTY), r.Node, r.Moves, lockText(t.policies[r.PID]), stays, r.Stat, move(r),
			cpuTime(r.CPU), tui.SizeText(r.RSS), command)
	}
	return w.Flush()
}
