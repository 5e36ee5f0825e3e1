package cli

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"openmosix/internal/model/nodelist"
	"openmosix/internal/node/config"
	"openmosix/internal/node/policy"
)

// runPlan is what a command line of mosrun asks for.
type runPlan struct {
	change   policy.Change
	home     bool          // -h
	nodes    nodelist.List // -ID, -j: run on one of these
	named    []string      // or on one of these, by name
	allowed  []string      // names in --allow
	denied   []string      // ... and in --deny
	anyway   bool          // -F
	keepLock bool          // -k
	ownName  bool          // -z: the first argument is argv[0]
	help     bool
	runDir   string
	command  []string
}

// parseRun reads mosrun's own way of options: letters, and numbers of nodes.
// The first word that is no option begins the command, whose options are its own.
func parseRun(args []string, runDir string) (runPlan, error) {
	p := runPlan{runDir: runDir}
	for len(args) > 0 && strings.HasPrefix(args[0], "-") && args[0] != "-" {
		word := args[0]
		args = args[1:]
		if word == "--" {
			break
		}
		value := func() (string, error) {
			if len(args) == 0 {
				return "", usageError("%s: a value is missing", word)
			}
			v := args[0]
			args = args[1:]
			return v, nil
		}
		var err error
		switch {
		case strings.HasPrefix(word, "--"):
			err = p.long(word, value)
		case unicode.IsDigit(rune(word[1])):
			p.nodes, err = numbers(word[1:])
		case word[1] == 'j':
			list := word[2:]
			if list == "" {
				list, err = value()
			}
			if err == nil {
				err = p.on(list)
			}
		default:
			err = p.letters(word[1:], value)
		}
		if err != nil {
			return p, err
		}
		if p.help {
			return p, nil
		}
	}
	p.command = args
	return p, p.complete()
}

// on takes numbers, ranges and names of nodes.
func (p *runPlan) on(list string) (err error) {
	p.nodes, p.named, err = numbersAndNames(list)
	return err
}

// numbersAndNames reads numbers, ranges and names of nodes.
func numbersAndNames(list string) (l nodelist.List, named []string, err error) {
	var plain []string
	for _, word := range strings.Split(list, ",") {
		if first, _ := utf8.DecodeRuneInString(word); unicode.IsLetter(first) {
			named = append(named, word)
		} else {
			plain = append(plain, word)
		}
	}
	if len(plain) > 0 {
		l, err = numbers(strings.Join(plain, ","))
	}
	return l, named, err
}

func numbers(list string) (nodelist.List, error) {
	l, err := nodelist.Parse(list)
	if err != nil {
		return nil, usageError("%v", err)
	}
	return l, nil
}

// placed tells whether nodes are named to run on.
func (p *runPlan) placed() bool { return len(p.nodes)+len(p.named) > 0 }

func (p *runPlan) long(word string, value func() (string, error)) error {
	name, text, given := strings.Cut(word, "=")
	switch name {
	case "--help":
		p.help = true
		return nil
	case "--run-dir", "--allow", "--deny", "--disclosure":
	default:
		return usageError("unknown flag: %s (`mosrun --help` lists them)", word)
	}
	if !given {
		var err error
		if text, err = value(); err != nil {
			return err
		}
	}
	switch name {
	case "--run-dir":
		p.runDir = text
	case "--disclosure":
		n, err := strconv.Atoi(text)
		if err != nil {
			return usageError("--disclosure %s: expected 0, 1, 2 or 3, or -1 for as the node says", text)
		}
		p.change.Disclosure = &n
	default:
		l, named, err := numbersAndNames(text)
		if err != nil {
			return err
		}
		if name == "--allow" {
			p.change.Allow, p.allowed = &l, named
		} else {
			p.change.Deny, p.denied = &l, named
		}
	}
	return nil
}

// letters may stand together, as in -lz.
func (p *runPlan) letters(letters string, value func() (string, error)) error {
	lock := func(on bool) { p.change.Lock, p.keepLock = &on, false }
	for _, letter := range letters {
		switch letter {
		case 'h':
			p.home = true
		case 'F':
			p.anyway = true
		case 'z':
			p.ownName = true
		case 'l':
			lock(false)
		case 'L':
			lock(true)
		case 'k':
			p.keepLock, p.change.Lock = true, nil
		case 'c':
			p.change.Kind = of(policy.CPUJob)
		case 'i':
			p.change.Kind = of(policy.IOJob)
		case 'n':
			p.change.Decay = of(policy.NoDecay)
		case 's':
			p.change.Decay = of(policy.SlowDecay)
		case 'f':
			p.change.Decay = of(policy.FastDecay)
		case 'e':
			p.change.OverExec = of(policy.Clear)
		case 'E':
			p.change.OverExec = of(policy.Retain)
		case 'r':
			p.change.OverFork = of(policy.Retain)
		case 'R':
			p.change.OverFork = of(policy.Clear)
		case 't', 'd':
			text, err := value()
			if err != nil {
				return err
			}
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 {
				return usageError("-%c %s: expected a positive number", letter, text)
			}
			if letter == 't' {
				p.change.Period = &n
			} else {
				p.change.Keep = &n
			}
		default:
			return usageError("unknown option -%c (`mosrun --help` lists them)", letter)
		}
	}
	return nil
}

func of[T any](v T) *T { return &v }

// complete decides of the lock when nothing was said of it: what is put
// somewhere is to stay there, as with openMosix; what only tells of its work is as
// its caller is; and what is just run under mosrun is to be spread, which
// openMosix did without asking.
func (p *runPlan) complete() error {
	least := 1
	if p.ownName {
		least = 2
	}
	if len(p.command) < least {
		return usageError("which command? (`mosrun --help` shows how)")
	}
	if p.home && p.placed() {
		return usageError("-h and a node exclude each other")
	}
	if err := p.change.To(policy.Policy{}).Check(); err != nil {
		return usageError("%v", err)
	}
	if p.change.Lock != nil || p.keepLock {
		return nil
	}
	c := p.change
	work := c.Kind != nil || c.Decay != nil || c.Period != nil || c.Keep != nil || c.OverExec != nil || c.OverFork != nil
	if put := p.home || p.placed(); put || !work {
		p.change.Lock = &put
	}
	return nil
}

// wrappers are the commands that are mosrun with an option.
var wrappers = map[string]struct{ option, about string }{
	"nomig":     {"-L", "Run a command that stays where it is"},
	"runhome":   {"-h", "Run a command at home, and lock it there"},
	"runon":     {"", "Run a command on a node, and lock it there"},
	"cpujob":    {"-c", "Run a command that computes"},
	"iojob":     {"-i", "Run a command that reads and writes"},
	"nodecay":   {"-n", "Run a command whose statistics do not decay"},
	"slowdecay": {"-s", "Run a command whose statistics decay slowly"},
	"fastdecay": {"-f", "Run a command whose statistics decay fast"},
}

// runonUse and wrapperUse are how they are called; a wrapper's name comes before its own.
const (
	runonUse   = "runon NODE [OPTION...] COMMAND [ARGUMENT...]"
	wrapperUse = " [OPTION...] COMMAND [ARGUMENT...]"
)

// wrapperHelp is mosrun's, with what the wrapper is.
func wrapperHelp(name string) string {
	w := wrappers[name]
	use, is := name+wrapperUse, "mosrun "+w.option
	if name == "runon" {
		use, is = runonUse, "mosrun -j NODE; NODE may be a list"
	}
	_, options, _ := strings.Cut(mosrunHelp, "COMMAND [ARGUMENT...]\n")
	return w.about + ".\n\nUsage: " + use + "\n\nIt is " + is + ". The options are mosrun's:\n" + options
}

// unwrapped gives mosrun's arguments for a wrapper's.
func unwrapped(name string, args []string) ([]string, error) {
	if name != "runon" {
		return append([]string{wrappers[name].option}, args...), nil
	}
	if len(args) == 0 {
		return nil, usageError("which node? (usage: %s)", runonUse)
	}
	if err := new(runPlan).on(args[0]); err != nil {
		return nil, err
	}
	return append([]string{"-j", args[0]}, args[1:]...), nil
}

// defaultRunDir is where the daemon of this node is reached.
func defaultRunDir(environment string) string {
	if environment != "" {
		return environment
	}
	return config.DefaultRunDir
}
