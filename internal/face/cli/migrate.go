package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

// moved is the outcome of one move, as --json prints it.
type moved struct {
	PID     int              `json:"pid"`
	Node    int              `json:"node"` // where it is now, 0: home; meaningless when it did not move
	Frozen  int64            `json:"frozen_us"`
	Code    supervisor.Code  `json:"code,omitempty"`
	Text    string           `json:"text,omitempty"`
	Reasons []control.Reason `json:"reasons,omitempty"`
	Balance *control.Balance `json:"balance,omitempty"` // why this node, if that was left to the daemon
	chosen  bool             // not named by the user
}

func newMigrate() *cobra.Command {
	c := &cobra.Command{
		Use:   "migrate {PID...|-u USER|-g GROUP|--all} {NODE|home|balance|--cancel}",
		Short: "Move processes to another node, or home",
	}
	ask := client(c)
	wait := c.Flags().Bool("wait", true, "wait until the move is done; --wait=false: only until it has begun")
	cancel := c.Flags().Bool("cancel", false, "give up the moves of the processes that are under way")
	asJSON := c.Flags().Bool("json", false, "print an array of the outcomes")
	strategy := c.Flags().String("strategy", string(supervisor.Auto), "when memory is sent: precopy, before the process goes on; postcopy, when it runs there; both by default")
	var s selection
	s.flags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		var to destination
		var err error
		if !*cancel {
			if len(args) == 0 {
				return usageError("where to? (usage: %s)", c.UseLine())
			}
			if to, err = parseDestination(args[len(args)-1]); err != nil {
				return err
			}
			args = args[:len(args)-1]
		}
		if len(args) == 0 && !s.any() {
			return usageError("which processes? (usage: %s)", c.UseLine())
		}
		pids, err := parsePIDs(args)
		if err != nil {
			return err
		}
		daemon := ask()
		if !supervisor.Strategy(*strategy).Known() {
			return usageError("%s: no strategy (there are %s and %s)", strconv.Quote(*strategy), supervisor.PreCopy, supervisor.PostCopy)
		}
		m := mover{client: daemon, to: to, cancel: *cancel, strategy: supervisor.Strategy(*strategy), wait: *wait, out: c.OutOrStdout(), warn: c.ErrOrStderr(),
			terminal: isTerminal(os.Stderr) && !*asJSON}
		if *asJSON {
			m.out = nil
		}
		outcomes, err := m.all(c.Context(), pids)
		if err == nil && s.any() {
			more, wrong := s.pids(c, daemon)
			if wrong != nil {
				return wrong
			}
			m.chosen = true
			more = slices.DeleteFunc(more, func(pid int) bool { return slices.Contains(pids, pid) })
			var others []moved
			if others, err = m.all(c.Context(), more); err == nil && !*asJSON {
				summary(c, append(outcomes, others...))
			}
			outcomes = append(outcomes, others...)
		}
		if *asJSON && err == nil {
			err = printJSON(c.OutOrStdout(), outcomes)
		}
		if err != nil {
			return err
		}
		return firstFailure(outcomes)
	}
	return c
}

// destination is where to move a process: one of the three.
type destination struct {
	number int // 0: home
	name   string
	best   bool // where the node daemon says it runs best
}

// migrate is the request to move a process there.
func (to destination) migrate(pid int, wait bool) control.Request {
	return control.Request{Verb: control.Migrate, PID: pid, To: to.number, Node: to.name, Balance: to.best, Wait: wait}
}

// parseDestination reads NODE, a number or a name, home or balance; 0, as mps
// shows it, is home too. What looks like a number has to be one.
func parseDestination(s string) (destination, error) {
	switch s {
	case "home":
		return destination{}, nil
	case "balance":
		return destination{best: true}, nil
	}
	number, name, err := parseNode(s)
	if err != nil {
		err = usageError("%s: neither a node's number nor its name (nor `home` or `balance`)", strconv.Quote(s))
	}
	return destination{number: number, name: name}, err
}

// parseNode reads a node's number or name.
func parseNode(s string) (number int, name string, err error) {
	if first, _ := utf8.DecodeRuneInString(s); unicode.IsLetter(first) {
		return 0, s, nil
	}
	if number, err = strconv.Atoi(s); err != nil || number < 0 {
		return 0, "", usageError("%s: neither a node's number nor its name", strconv.Quote(s))
	}
	return number, "", nil
}

func parsePIDs(words []string) ([]int, error) {
	pids := make([]int, len(words))
	for i, w := range words {
		n, err := strconv.Atoi(w)
		if err != nil || n <= 0 {
			return nil, usageError("%s: not a process number", w)
		}
		pids[i] = n
	}
	return pids, nil
}

// mover moves processes one after the other.
type mover struct {
	client   *control.Client
	to       destination
	cancel   bool // no move is begun, but given up
	strategy supervisor.Strategy
	wait     bool
	out      io.Writer // for what was chosen; nil: nobody reads it
	warn     io.Writer
	terminal bool
	chosen   bool // they are not named by the user: what is left alone is not told
}

func (m *mover) all(ctx context.Context, pids []int) ([]moved, error) {
	outcomes := make([]moved, 0, len(pids))
	for i, pid := range pids {
		request := m.to.migrate(pid, m.wait)
		request.Strategy = m.strategy
		if m.cancel {
			request = control.Request{Verb: control.Cancel, PID: pid}
		}
		r, err := m.client.Ask(ctx, request, m.progress())
		if m.terminal {
			fmt.Fprint(m.warn, "\r\x1b[K")
		}
		if err != nil {
			return nil, m.cut(err, pids[i:])
		}
		o := moved{PID: pid, Node: r.Node, Frozen: r.Micros, Code: r.Code, Text: r.Text, Reasons: r.Reasons, Balance: r.Balance, chosen: m.chosen}
		if !o.chosen || !leftAlone(o) {
			m.tell(pid, r)
		}
		outcomes = append(outcomes, o)
	}
	return outcomes, nil
}

// cut says of a migrate that is interrupted what becomes of the move that it waited for, and of those
// that were to come.
func (m *mover) cut(err error, left []int) error {
	if m.cancel {
		return err
	}
	text := fmt.Sprintf("the move of %d goes on (`migrate --cancel %d` gives it up)", left[0], left[0])
	if n := len(left) - 1; n > 0 {
		text += fmt.Sprintf("; %d more were not begun", n)
	}
	return saying(err, text)
}

// progress shows what goes on, to people only.
func (m *mover) progress() func(control.Progress) {
	if !m.terminal {
		return nil
	}
	return func(p control.Progress) {
		line := fmt.Sprintf("%d: %s", p.PID, p.Phase)
		if p.Total > 0 {
			line += fmt.Sprintf(" %d of %d MiB", p.Done>>20, p.Total>>20)
		}
		fmt.Fprint(m.warn, "\r\x1b[K"+line)
	}
}

func (m *mover) tell(pid int, r *control.Result) {
	switch {
	case r.Code == supervisor.CannotMove && len(r.Reasons) > 0:
		texts := make([]string, len(r.Reasons))
		for i, reason := range r.Reasons {
			texts[i] = reason.Text
		}
		fmt.Fprintf(m.warn, "migrate: %d: cannot move: %s (`why %d` says more)\n", pid, strings.Join(texts, " "), pid)
	case r.Code != "":
		fmt.Fprintf(m.warn, "migrate: %d: %s\n", pid, r.Text)
	case r.Balance != nil && m.out != nil:
		fmt.Fprintf(m.out, "%d: %s: %s\n", pid, place(r.Node), r.Balance.Text)
	case m.terminal && m.wait && !m.cancel:
		fmt.Fprintf(m.warn, "%d: %s (stood still for %v)\n", pid, place(r.Node), time.Duration(r.Micros)*time.Microsecond)
	}
}

func place(node int) string {
	if node == 0 {
		return "home"
	}
	return "node " + strconv.Itoa(node)
}

func firstFailure(outcomes []moved) error {
	for _, o := range outcomes {
		if o.Code != "" && (!o.chosen || !leftAlone(o)) {
			return &exitError{code: exitOf(o.Code)}
		}
	}
	return nil
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
