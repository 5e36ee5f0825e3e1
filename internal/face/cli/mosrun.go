package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"openmosix/internal/linux/birth"
	"openmosix/internal/model/nodelist"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
	"openmosix/internal/node/policy"
)

// Exit statuses of mosrun and its wrappers when there is no command to have
// one, as of env(1) and the shells.
const (
	ExitCannotRun = 126
	ExitNotFound  = 127
)

const mosrunHelp = `Run a command, and say where it and what it starts may go.

Usage: mosrun [OPTION...] COMMAND [ARGUMENT...]

  -h              at home
  -N              on node N
  -jLIST          on one of these nodes, as in -j1-3,7 or -jnode2
  -F              run it anyway, at home, when that cannot be
  -l -L -k        unlocked; locked; as the caller is
  -c -i           it computes; it reads and writes
  -n -s -f        its statistics decay not; slowly; fast
  -t N -d N       every N seconds; what is kept then, per mille
  -e -E           its statistics begin anew with each exec; are kept over it
  -r -R           a child begins with its parent's statistics; with none
  -z              the first argument is the name it sees itself by
  --allow LIST    it may only go to these nodes, numbers or names
  --deny LIST     it may not go to these
  --disclosure N  what lenders are told: 0 nothing, 1 its number, 2 also user
                  and group, 3 also command and arguments
  --run-dir DIR   run directory of the node daemon
  --help          this

Locked is the default with -h, -N or -j; as the caller is with only -c, -i, -n,
-s, -f, -t, -d, -e, -E, -r or -R; else it is unlocked, and every program that the
command and its children execute is placed on the node that suits it best.
`

func newMosrun() *cobra.Command {
	return &cobra.Command{
		Use:                "mosrun [OPTION...] COMMAND [ARGUMENT...]",
		Short:              "Run a command, and say where it may go",
		DisableFlagParsing: true,
		RunE:               func(c *cobra.Command, args []string) error { return mosrunMain(c, args) },
	}
}

func newWrappers() []*cobra.Command {
	var all []*cobra.Command
	for _, name := range slices.Sorted(maps.Keys(wrappers)) {
		use := name + wrapperUse
		if name == "runon" {
			use = runonUse
		}
		all = append(all, &cobra.Command{
			Use:                use,
			Short:              wrappers[name].about,
			DisableFlagParsing: true,
			RunE: func(c *cobra.Command, args []string) error {
				if len(args) > 0 && args[0] == "--help" {
					_, err := fmt.Fprint(c.OutOrStdout(), wrapperHelp(name))
					return err
				}
				args, err := unwrapped(name, args)
				if err != nil {
					return err
				}
				return mosrunMain(c, args)
			},
		})
	}
	return all
}

func mosrunMain(c *cobra.Command, args []string) error {
	p, err := parseRun(args, defaultRunDir(os.Getenv(runDirVariable)))
	if err != nil {
		return err
	}
	if p.help {
		_, err := fmt.Fprint(c.OutOrStdout(), mosrunHelp)
		return err
	}
	path, err := exec.LookPath(p.command[0])
	if err != nil {
		return notRunnable(p.command[0], err)
	}
	mark, err := p.prepare(c)
	if interrupted := context.Cause(c.Context()); interrupted != nil { // before there was a command to heed it
		return interrupted
	}
	if err != nil {
		if !p.anyway {
			return err
		}
		fmt.Fprintf(c.ErrOrStderr(), "mosrun: %v; it runs at home\n", err)
	}
	environment := os.Environ()
	if mark != "" {
		environment = slices.DeleteFunc(environment, func(word string) bool { return strings.HasPrefix(word, policy.MarkVariable+"=") })
		environment = append(environment, policy.MarkVariable+"="+mark)
	}
	argv := p.command
	if p.ownName {
		argv = argv[1:]
	}
	// This process becomes the command: same pid, parent, terminal, and nothing
	// of ours stays between it and whoever waits for it.
	err = birth.Exec(path, argv, environment)
	if errors.Is(err, syscall.ENOEXEC) { // a script that does not say of which shell, as execvp(3) does it
		err = birth.Exec("/bin/sh", append([]string{"sh", path}, argv[1:]...), environment)
	}
	return notRunnable(path, err)
}

func notRunnable(path string, err error) error {
	var lookup *exec.Error
	if errors.As(err, &lookup) { // it names the command once more
		err = lookup.Err
	}
	code := ExitCannotRun
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		code = ExitNotFound
	}
	return &exitError{code: code, text: fmt.Sprintf("%s: cannot be run: %v", path, err)}
}

// prepare says what holds for this process, which is about to become the
// command, and has it attended unless it stays at home. A node that cannot be had is found
// out before anything is said.
func (p *runPlan) prepare(c *cobra.Command) (mark string, err error) {
	daemon := control.NewClient(p.runDir)
	if err := p.lookUp(c, daemon); err != nil {
		return "", err
	}
	to := 0
	if p.placed() {
		if to, err = p.choose(c, daemon); err != nil {
			if !p.anyway || c.Context().Err() != nil {
				return "", err
			}
			fmt.Fprintf(c.ErrOrStderr(), "mosrun: %v; it runs at home\n", err)
		}
	}
	r, err := daemon.Ask(c.Context(), control.Request{Verb: control.Policy, PID: os.Getpid(), Change: &p.change}, nil)
	if err == nil {
		err = errorOf(r)
	}
	if err != nil {
		return "", err
	}
	if to == 0 && r.Policy != nil && r.Policy.Lock {
		return r.Mark, nil
	}
	f, err := daemon.Ask(c.Context(), control.Request{Verb: control.Attend, PID: os.Getpid(), To: to}, nil)
	if err == nil {
		err = errorOf(f)
	}
	return r.Mark, err
}

// lookUp puts the numbers of the nodes that are named into the lists of where the command may go.
func (p *runPlan) lookUp(c *cobra.Command, daemon *control.Client) error {
	if len(p.allowed)+len(p.denied) == 0 {
		return nil
	}
	all, err := askNodes(c, daemon, control.Request{Verb: control.Nodes})
	if err != nil {
		return err
	}
	for _, one := range []struct {
		to    *nodelist.List
		named []string
	}{{p.change.Allow, p.allowed}, {p.change.Deny, p.denied}} {
		for _, name := range one.named {
			n, err := called(all, name)
			if err != nil {
				return err
			}
			*one.to = one.to.With(n.Number)
		}
	}
	return nil
}

// called is the node of a name.
func called(all []control.Node, name string) (control.Node, error) {
	i := slices.IndexFunc(all, func(n control.Node) bool { return strings.EqualFold(n.Name, name) })
	if i < 0 {
		return control.Node{}, &exitError{code: exitOf(supervisor.UnknownNode), text: fmt.Sprintf("no node is called %q (`openmosix nodes` lists them)", name)}
	}
	return all[i], nil
}

// choose picks one of the nodes that are up and lend, at random; 0 is this one.
// What is known of a node is seconds old: the one that is picked is asked.
func (p *runPlan) choose(c *cobra.Command, daemon *control.Client) (int, error) {
	all, err := askNodes(c, daemon, control.Request{Verb: control.Nodes})
	if err != nil {
		return 0, err
	}
	for _, name := range p.named {
		if _, err := called(all, name); err != nil {
			return 0, err
		}
	}
	why := &exitError{code: exitOf(supervisor.UnknownNode), text: fmt.Sprintf("no node %v is known (`openmosix nodes` lists them)", p.nodes)}
	for _, i := range rand.Perm(len(all)) {
		n := all[i]
		switch {
		case !p.nodes.Has(n.Number) && !slices.ContainsFunc(p.named, func(name string) bool { return strings.EqualFold(n.Name, name) }):
			continue
		case n.Self:
			return 0, nil
		case n.Up:
			asked, err := askNodes(c, daemon, control.Request{Verb: control.Nodes, To: n.Number})
			if err != nil {
				return 0, err
			}
			n = asked[0]
		}
		switch {
		case !n.Up:
			why = &exitError{code: exitOf(supervisor.Unreachable), text: fmt.Sprintf("node %d does not answer", n.Number)}
		case !n.Accepting:
			why = &exitError{code: exitOf(supervisor.Refused), text: fmt.Sprintf("node %d takes no guests", n.Number)}
		case n.Refuses != "":
			why = &exitError{code: exitOf(supervisor.Refused), text: fmt.Sprintf("node %d takes no guests just now: %s", n.Number, n.Refuses)}
		default:
			return n.Number, nil
		}
	}
	return 0, why
}

func askNodes(c *cobra.Command, daemon *control.Client, r control.Request) ([]control.Node, error) {
	answer, err := daemon.Ask(c.Context(), r, nil)
	if err == nil {
		err = errorOf(answer)
	}
	if err == nil && r.To != 0 && len(answer.Nodes) != 1 {
		err = fmt.Errorf("node %d: the daemon says nothing of it", r.To)
	}
	if err != nil {
		return nil, err
	}
	return answer.Nodes, nil
}
