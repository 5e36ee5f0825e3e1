package cli

import (
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/node/control"
	"openmosix/internal/node/listing"
	"openmosix/internal/node/policy"
)

// psRow is one process, as --json prints it.
type psRow struct {
	PID     int    `json:"pid"`
	Node    int    `json:"node"` // where it runs, 0: here
	Home    int    `json:"home"` // this node
	TTY     string `json:"tty"`
	Stat    string `json:"stat"`
	Time    int64  `json:"time_ms"` // CPU time, here and away
	RSS     uint64 `json:"rss"`     // bytes, where it runs
	User    string `json:"user"`
	Command string `json:"command"`
	Moves   int    `json:"moves"`
	PPID    int    `json:"ppid"`
	// The move that goes on; missing: none.
	Move *listing.Move `json:"move,omitempty"`
	// With --long: the codes of what keeps it from moving; null: not known, because it is another user's.
	CantMove *[]string `json:"cantmove,omitempty"`
	// What was said of it, or of what it was started by; missing: nothing.
	Policy *policy.Policy `json:"policy,omitempty"`
}

// psFilter says which processes to list.
type psFilter struct {
	all, away bool
	user      string
	pids      []int
}

func newMPS() *cobra.Command {
	c := &cobra.Command{
		Use:   "mps [PID...]",
		Short: "List processes and the nodes they run on",
	}
	ask := client(c)
	var f psFilter
	c.Flags().BoolVarP(&f.all, "all", "e", false, "all processes, not only one's own of this terminal")
	c.Flags().BoolVarP(&f.away, "away", "a", false, "only processes that are on another node")
	c.Flags().StringVarP(&f.user, "user", "u", "", "processes of this user")
	long := c.Flags().BoolP("long", "l", false, "also number of moves, lock, memory, and what keeps a process from moving")
	tree := c.Flags().Bool("tree", false, "children below their parents")
	asJSON := c.Flags().Bool("json", false, "print an array of objects")
	c.RunE = func(c *cobra.Command, args []string) error {
		var err error
		if f.pids, err = parsePIDs(args); err != nil {
			return err
		}
		keep, err := f.predicate()
		if err != nil {
			return err
		}
		daemon := ask()
		answer, err := daemon.Ask(c.Context(), control.Request{Verb: control.PS}, nil)
		if err != nil {
			return err
		}
		rows, err := listing.List(procfs.FS("/proc"), answer.Procs)
		if err != nil {
			return err
		}
		rows = slices.DeleteFunc(rows, func(r listing.Row) bool { return !keep(r) })
		table := psTable{rows: rows, policies: answer.Policies}
		if *tree {
			table.rows, table.branches = listing.Tree(rows)
		}
		if *long {
			if table.stays, err = cantMove(c.Context(), daemon, table.rows); err != nil {
				return err
			}
		}
		if *asJSON {
			err = printJSON(c.OutOrStdout(), table.json(answer.Node))
		} else {
			err = table.print(c.OutOrStdout())
		}
		if err == nil && len(f.pids) > 0 && len(rows) == 0 {
			return &exitError{code: ExitNoProcess, text: "no such process"}
		}
		return err
	}
	return c
}

// predicate tells which rows to keep. Without any choice: as ps, the caller's
// own on his terminal; with a choice, what was chosen, from all.
func (f *psFilter) predicate() (func(listing.Row) bool, error) {
	uid := -1
	if f.user != "" {
		n, err := userID(f.user)
		if err != nil {
			return nil, err
		}
		uid = n
	}
	own, err := procfs.FS("/proc").Stat(os.Getpid())
	if err != nil {
		return nil, fmt.Errorf("find own terminal: %w", err)
	}
	byTerminal := !f.all && !f.away && uid < 0 && len(f.pids) == 0
	return func(r listing.Row) bool {
		switch {
		case byTerminal:
			return r.UID == os.Geteuid() && r.TTY == own.TTY
		case f.away && r.Node == 0, uid >= 0 && r.UID != uid:
			return false
		}
		return len(f.pids) == 0 || slices.Contains(f.pids, r.PID)
	}, nil
}

func userID(name string) (int, error) {
	if n, err := strconv.Atoi(name); err == nil && n >= 0 {
		return n, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return 0, usageError("%s: no such user", name)
	}
	return strconv.Atoi(u.Uid)
}

func psRows(rows []listing.Row, home int) []psRow {
	out := make([]psRow, 0, len(rows))
	names := make(map[int]string)
	for _, r := range rows {
		name, known := names[r.UID]
		if !known {
			name = strconv.Itoa(r.UID)
			if u, err := user.LookupId(name); err == nil {
				name = u.Username
			}
			names[r.UID] = name
		}
		out = append(out, psRow{PID: r.PID, Node: r.Node, Home: home, TTY: listing.TTYName(r.TTY), Stat: r.Stat,
			Time: r.CPU.Milliseconds(), RSS: r.RSS, User: name, Command: r.Command, Moves: r.Moves, PPID: r.PPID, Move: r.Move})
	}
	return out
}

// cpuTime as ps prints it: minutes and seconds.
func cpuTime(d time.Duration) string {
	seconds := int64(d / time.Second)
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}
