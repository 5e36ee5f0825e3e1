package cli

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"openmosix/internal/model/load"
	"openmosix/internal/node/control"
)

// mosctlVerb is what one word of mosctl takes and does.
type mosctlVerb struct {
	takes string // what may follow the word, for people
	least int
	most  int
	about string
	run   func(m *mosctl, args []string) error
}

// mosctlVerbs in the order in which the help shows them.
var mosctlVerbs = []struct {
	word string
	mosctlVerb
}{
	{"stay", mosctlVerb{about: "nothing leaves the node by itself or by migrate", run: (*mosctl).change}},
	{"nostay", mosctlVerb{about: "the contrary", run: (*mosctl).change}},
	{"lstay", mosctlVerb{about: "the node's own processes do not leave it; guests may", run: (*mosctl).change}},
	{"nolstay", mosctlVerb{about: "the contrary", run: (*mosctl).change}},
	{"block", mosctlVerb{about: "the node takes no guests", run: (*mosctl).change}},
	{"noblock", mosctlVerb{about: "the contrary", run: (*mosctl).change}},
	{"quiet", mosctlVerb{about: "the node tells others nothing of its load", run: (*mosctl).change}},
	{"noquiet", mosctlVerb{about: "the contrary", run: (*mosctl).change}},
	{"mfs", mosctlVerb{about: "other nodes may see the node's files", run: (*mosctl).change}},
	{"nomfs", mosctlVerb{about: "the contrary", run: (*mosctl).change}},
	{"expel", mosctlVerb{about: "send all guests home, and block", run: (*mosctl).many}},
	{"bring", mosctlVerb{about: "fetch all own processes home, and lstay", run: (*mosctl).many}},
	{"whois", mosctlVerb{takes: "[ID|IP|NAME]", most: 1, about: "number, address and name of a node", run: (*mosctl).whois}},
	{"getload", mosctlVerb{takes: "[NODE]", most: 1, about: "the load, in units of the yardstick", run: figure(func(n control.Node) string { return loadText(n) })}},
	{"getspeed", mosctlVerb{takes: "[NODE]", most: 1, about: "the speed of a processor (10000: the standard)", run: figure(func(n control.Node) string { return strconv.Itoa(n.Speed) })}},
	{"getmem", mosctlVerb{takes: "[NODE]", most: 1, about: "bytes of memory that can be lent", run: figure(func(n control.Node) string { return told(n, strconv.FormatUint(n.MemFree, 10)) })}},
	{"getfree", mosctlVerb{takes: "[NODE]", most: 1, about: "bytes of memory that are free", run: figure(func(n control.Node) string { return told(n, strconv.FormatUint(n.MemAvailable, 10)) })}},
	{"getutil", mosctlVerb{takes: "[NODE]", most: 1, about: "per cent of the processors' time in use", run: figure(utilText)}},
	{"isup", mosctlVerb{takes: "[NODE]", most: 1, about: "whether a node answers", run: (*mosctl).isUp}},
	{"status", mosctlVerb{takes: "[NODE]", most: 1, about: "state and settings of a node", run: (*mosctl).status}},
	{"gettune", mosctlVerb{about: "what it costs to reach each node, measured now and by tune", run: (*mosctl).tune}},
	{"getyard", mosctlVerb{about: "the yardstick: the speed of the processor whose units loads are in", run: (*mosctl).yard}},
	{"getdecay", mosctlVerb{about: "how fast old statistics of processes lose their weight", run: (*mosctl).decay}},
	{"setyard", mosctlVerb{takes: "{SPEED|standard|this}", least: 1, most: 1, about: "set the yardstick", run: (*mosctl).setYard}},
	{"setspeed", mosctlVerb{takes: "{SPEED|measured}", least: 1, most: 1, about: "set the speed", run: (*mosctl).setSpeed}},
	{"setdecay", mosctlVerb{takes: "INTERVAL [SLOW FAST]", least: 1, most: 3, about: "every INTERVAL seconds keep SLOW or FAST per mille", run: (*mosctl).setDecay}},
}

// mosctl is one call of the command.
type mosctl struct {
	c      *cobra.Command
	client *control.Client
	word   string
	node   string // the node it is about; empty: this one
	json   bool
}

func newMosctl() *cobra.Command {
	c := &cobra.Command{
		Use:   "mosctl WORD [ARGUMENT...]",
		Short: "Administer a node, and ask nodes of themselves",
		Args:  arguments(cobra.MinimumNArgs(1)),
	}
	c.Long = "Administer a node, and ask nodes of themselves.\n\n" + mosctlWords()
	ask := client(c)
	var m mosctl
	c.Flags().StringVarP(&m.node, "node", "n", "", "the node to administer or to ask, by number or name")
	c.Flags().BoolVar(&m.json, "json", false, "print an object")
	c.RunE = func(c *cobra.Command, args []string) error {
		m.c, m.client, m.word = c, ask(), args[0]
		for _, v := range mosctlVerbs {
			if v.word != m.word {
				continue
			}
			if n := len(args) - 1; n < v.least || n > v.most {
				return wrongNumber(v.word, v.takes)
			}
			return v.run(&m, args[1:])
		}
		return usageError("unknown word %q (`mosctl --help` lists them)", m.word)
	}
	return c
}

// wrongNumber tells what a word takes. Who gives a node to a word that takes none means -n.
func wrongNumber(word, takes string) error {
	if takes == "" {
		return usageError("%s takes nothing more (mosctl -n NODE %s is about another node)", word, word)
	}
	return usageError("usage: mosctl %s %s", word, takes)
}

func mosctlWords() string {
	var b strings.Builder
	for _, v := range mosctlVerbs {
		fmt.Fprintf(&b, "  %-31s %s\n", v.word+" "+v.takes, v.about)
	}
	return b.String()
}

// admin has the daemon do a word.
func (m *mosctl) admin(word string, values []int, progress func(control.Progress)) (*control.Result, error) {
	to, name, err := nodeNamed(m.node)
	if err != nil {
		return nil, err
	}
	r, err := m.client.Ask(m.c.Context(), control.Request{Verb: control.Admin, Word: word, Values: values, To: to, Node: name}, progress)
	if err == nil {
		err = errorOf(r)
	}
	return r, err
}

// nodeNamed reads the node that is meant; an empty word is this one.
func nodeNamed(word string) (int, string, error) {
	if word == "" {
		return 0, "", nil
	}
	if word == "home" || word == "balance" || word == "0" {
		return 0, "", usageError("%s: neither a node's number nor its name", word)
	}
	return parseNode(word)
}

// set tells a word and prints what holds then, to machines only.
func (m *mosctl) set(values []int) error {
	r, err := m.admin(m.word, values, nil)
	if err == nil && m.json {
		err = printJSON(m.c.OutOrStdout(), r.Settings)
	}
	if err == nil && r.Unkept != "" {
		err = &exitError{code: ExitFailure, text: r.Unkept}
	}
	return err
}

func (m *mosctl) change([]string) error { return m.set(nil) }

func (m *mosctl) setSpeed(args []string) error {
	if args[0] == "measured" {
		return m.set([]int{0})
	}
	n, err := speed(args[0], "measured")
	if err != nil {
		return err
	}
	return m.set([]int{n})
}

func (m *mosctl) setYard(args []string) error {
	switch args[0] {
	case "standard":
		return m.set([]int{load.Standard})
	case "this":
		n, err := m.one(nil)
		if err != nil {
			return err
		}
		return m.set([]int{n.Speed})
	}
	n, err := speed(args[0], "standard or this")
	if err != nil {
		return err
	}
	return m.set([]int{n})
}

func (m *mosctl) setDecay(args []string) error {
	if len(args) == 2 {
		return wrongNumber("setdecay", "INTERVAL [SLOW FAST]")
	}
	numbers := make([]int, len(args))
	for i, word := range args {
		n, err := strconv.Atoi(word)
		if err != nil {
			return usageError("%s: not a number", word)
		}
		numbers[i] = n
	}
	return m.set(numbers)
}

// speed reads one, for which words may stand.
func speed(word, words string) (int, error) {
	n, err := strconv.Atoi(word)
	if err != nil || n <= 0 {
		return 0, usageError("%s: not a speed: that is a number from 1 on, or the word %s", strconv.Quote(word), words)
	}
	return n, nil
}

// many moves many processes and tells how that went.
func (m *mosctl) many([]string) error {
	show := isTerminal(os.Stderr) && !m.json
	r, err := m.admin(m.word, nil, func(p control.Progress) {
		switch {
		case !show:
		case p.Phase == control.PhaseGiving:
			fmt.Fprintf(m.c.ErrOrStderr(), "\r\x1b[K%s: all have gone on; %d still fetch their memory from there", m.word, p.Total-p.Done)
		default:
			fmt.Fprintf(m.c.ErrOrStderr(), "\r\x1b[K%s: %d of %d", m.word, p.Done, p.Total)
		}
	})
	if show {
		fmt.Fprint(m.c.ErrOrStderr(), "\r\x1b[K")
	}
	if err != nil {
		return saying(err, m.goesOn())
	}
	if r.Unkept != "" {
		fmt.Fprintf(m.c.ErrOrStderr(), "mosctl: %s\n", r.Unkept)
	}
	if err := m.tellOutcomes(r.Outcomes); err != nil || r.Unkept == "" {
		return err
	}
	return &exitError{code: ExitFailure}
}

// goesOn says what becomes of an expel or bring that nobody waits for any more.
func (m *mosctl) goesOn() string {
	undo := map[string]string{"expel": "noblock", "bring": "nolstay"}[m.word]
	return fmt.Sprintf("%s goes on, and `openmosix events` tells its end (`mosctl %s` has it begin no more moves)", m.word, undo)
}

func (m *mosctl) tellOutcomes(all []control.Outcome) error {
	var first error
	moved := 0
	for _, o := range all {
		if o.Code == "" {
			moved++
			continue
		}
		if first == nil {
			first = &exitError{code: exitOf(o.Code)}
		}
		if !m.json {
			fmt.Fprintf(m.c.ErrOrStderr(), "mosctl: %s: process %d of node %d is still on node %d: %s\n", m.word, o.PID, o.Home, o.Node, o.Text)
		}
	}
	if m.json {
		if err := printJSON(m.c.OutOrStdout(), append([]control.Outcome{}, all...)); err != nil {
			return err
		}
		return first
	}
	if _, err := fmt.Fprintf(m.c.OutOrStdout(), "%d moved, %d not\n", moved, len(all)-moved); err != nil {
		return err
	}
	return first
}
