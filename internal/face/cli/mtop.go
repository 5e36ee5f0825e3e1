package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"openmosix/internal/face/tui"
	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
	"openmosix/internal/node/listing"
)

// onceApart is the time over which -1 measures what processes use.
const onceApart = 500 * time.Millisecond

var topOrders = map[string]tui.Order{"cpu": tui.ByCPU, "memory": tui.ByMemory, "time": tui.ByTime, "node": tui.ByNode, "pid": tui.ByPID, "moves": tui.ByMoves}

func newMtop() *cobra.Command {
	c := &cobra.Command{
		Use:   "mtop",
		Short: "Watch processes, wherever they run, and move them",
		Args:  noArguments,
	}
	ask := client(c)
	o := tui.TopOptions{UID: os.Geteuid()}
	sort := c.Flags().String("sort", "cpu", "cpu, memory, time, node, pid or moves")
	delay := c.Flags().Float64P("delay", "d", 2, "seconds between two looks")
	c.Flags().BoolVarP(&o.Away, "away", "a", false, "only processes that are away")
	c.Flags().BoolVarP(&o.Own, "own", "u", false, "only one's own processes")
	once := c.Flags().BoolP("once", "1", false, "print the list once")
	asJSON := c.Flags().Bool("json", false, "print an array of objects once")
	c.RunE = func(c *cobra.Command, _ []string) error {
		order, known := topOrders[*sort]
		if !known {
			return usageError("--sort %s: expected cpu, memory, time, node, pid or moves", *sort)
		}
		if *delay < 0.1 || *delay > 3600 {
			return usageError("--delay %v: expected 0.1…3600 seconds", *delay)
		}
		o.Sort, o.Every = order, time.Duration(*delay*float64(time.Second))
		d := &topDaemon{client: ask(), names: map[int]string{}}
		if *once || *asJSON {
			return d.printOnce(c, o, *asJSON)
		}
		if err := needTerminal(); err != nil {
			return err
		}
		if _, err := d.Processes(c.Context()); errors.Is(err, control.ErrNotRunning) {
			return err // later it may come back, and is waited for
		}
		return tui.Top(c.Context(), d, o)
	}
	return c
}

// topDaemon is what mtop asks. Names are asked for by one goroutine, which draws.
type topDaemon struct {
	client *control.Client
	names  map[int]string
}

func (d *topDaemon) Processes(ctx context.Context) (tui.Processes, error) {
	r, err := d.client.Ask(ctx, control.Request{Verb: control.PS}, nil)
	if err == nil {
		err = errorOf(r)
	}
	if err != nil {
		return tui.Processes{}, err
	}
	rows, err := listing.List(procfs.FS("/proc"), r.Procs)
	if err != nil {
		return tui.Processes{}, err
	}
	p := tui.Processes{At: time.Now(), Home: r.Node, Rows: rows}
	nodes, err := d.client.Ask(ctx, control.Request{Verb: control.Nodes}, nil)
	if err == nil {
		p.Nodes = nodes.Nodes
	}
	return p, err
}

func (d *topDaemon) Move(ctx context.Context, pid int, to string) string {
	where, err := parseDestination(to)
	if err != nil {
		return err.Error()
	}
	r, err := d.client.Ask(ctx, where.migrate(pid, true), nil)
	switch {
	case err != nil:
		return err.Error()
	case r.Code == supervisor.CannotMove && len(r.Reasons) > 0:
		return fmt.Sprintf("%d cannot move: %s", pid, r.Reasons[0].Text)
	case r.Code != "":
		return fmt.Sprintf("%d: %s", pid, r.Text)
	}
	return fmt.Sprintf("%d is on %s (stood still for %v)", pid, place(r.Node), (time.Duration(r.Micros) * time.Microsecond).Round(100*time.Microsecond))
}

func (d *topDaemon) Why(ctx context.Context, pid int) string {
	r, err := d.client.Ask(ctx, control.Request{Verb: control.Why, PID: pid}, nil)
	switch {
	case err != nil:
		return err.Error()
	case r.Code == "":
		return fmt.Sprintf("%d can move", pid)
	case len(r.Reasons) == 0:
		return fmt.Sprintf("%d: %s", pid, r.Text)
	}
	texts := make([]string, len(r.Reasons))
	for i, reason := range r.Reasons {
		texts[i] = reason.Text
	}
	return fmt.Sprintf("%d cannot move: %s", pid, strings.Join(texts, " "))
}

func (d *topDaemon) UserName(uid int) string {
	name, known := d.names[uid]
	if !known {
		name = strconv.Itoa(uid)
		if u, err := user.LookupId(name); err == nil {
			name = u.Username
		}
		d.names[uid] = name
	}
	return name
}

// topRow is one process, as --json prints it.
type topRow struct {
	psRow
	Share float64 `json:"cpu_percent"` // of one processor, here and away
}

func (d *topDaemon) printOnce(c *cobra.Command, o tui.TopOptions, asJSON bool) error {
	before, err := d.Processes(c.Context())
	if err != nil {
		return err
	}
	select {
	case <-time.After(onceApart):
	case <-c.Context().Done():
		return context.Cause(c.Context())
	}
	now, err := d.Processes(c.Context())
	if err != nil {
		return err
	}
	lines := tui.Lines(before, now, o)
	w := c.OutOrStdout()
	if asJSON {
		out := make([]topRow, len(lines))
		for i, l := range lines {
			out[i] = topRow{psRow: psRows([]listing.Row{l.Row}, now.Home)[0], Share: l.Share}
		}
		return printJSON(w, out)
	}
	if _, err := fmt.Fprintln(w, tui.TopHeading); err != nil {
		return err
	}
	for _, l := range lines {
		if _, err := fmt.Fprintln(w, l.Text(d.UserName(l.UID))); err != nil {
			return err
		}
	}
	return nil
}
