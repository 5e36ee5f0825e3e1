package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"

	"openmosix/lab/cluster"

	"github.com/spf13/cobra"
)

// execFlags are common to lab exec and lab shell.
type execFlags struct {
	*labFlags
	user, dir string
	noTTY     bool
}

func (f *execFlags) add(c *cobra.Command) {
	c.ValidArgsFunction = f.complete
	c.Flags().StringVarP(&f.user, "user", "u", "", "run as this user: a name, or UID[:GID]")
	c.Flags().StringVar(&f.dir, "cwd", "", "run in this directory (default: this one, if the node has it)")
	c.Flags().BoolVarP(&f.noTTY, "no-tty", "T", false, "make no terminal in the node even if there is one here")
}

func newLabExec(lab *labFlags) *cobra.Command {
	f := &execFlags{labFlags: lab}
	c := &cobra.Command{
		Use:   "exec [flags] NODE -- COMMAND [ARGUMENT...]",
		Short: "Run a command in a node",
		Long: `Runs a command in a node, with this command's input, output, error, terminal and
signals, and ends with its exit status (128+n if signal n ended it, 127 if there
is no such command, 126 if it cannot be run).`,
		Args: arguments(cobra.MinimumNArgs(2)),
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args[0], args[1:]) },
	}
	f.add(c)
	return c
}

func newLabShell(lab *labFlags) *cobra.Command {
	f := &execFlags{labFlags: lab}
	c := &cobra.Command{
		Use:   "shell NODE",
		Short: "Work in a node",
		Args:  arguments(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			shell := os.Getenv("SHELL")
			if shell == "" {
				shell = "/bin/sh"
			}
			return f.run(c, args[0], []string{shell})
		},
	}
	f.add(c)
	return c
}

// complete gives the nodes of the lab for the first word.
func (f *execFlags) complete(c *cobra.Command, before []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(before) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	l, err := f.open()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var all []string
	for _, n := range l.State.Nodes {
		all = append(all, strconv.Itoa(n.Number)+"\t"+n.Host)
	}
	return beginning(all, begun), cobra.ShellCompDirectiveNoFileComp
}

func (f *execFlags) run(c *cobra.Command, node string, argv []string) error {
	number, err := strconv.Atoi(node)
	if err != nil {
		return usageError("node %q: give its number", node)
	}
	l, err := f.open()
	if err != nil {
		return err
	}
	command := cluster.Command{
		Argv: argv, Env: os.Environ(), Dir: f.dir,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Forward: true, NoTTY: f.noTTY,
	}
	if f.user != "" {
		if err := f.become(&command); err != nil {
			return err
		}
	}
	// A signal is the command's affair: it is passed on and ends nothing here.
	result, err := l.Exec(context.WithoutCancel(c.Context()), number, command)
	var no *cluster.NotStarted
	if errors.As(err, &no) {
		return &exitError{code: no.Code, text: no.Why}
	}
	if err != nil {
		return err
	}
	// The command has said all there is to say.
	return &exitError{code: result.Code}
}

// become fills in who the command runs as. The machine's users are the nodes'.
func (f *execFlags) become(c *cluster.Command) error {
	uid, gid, numeric := parseIDs(f.user)
	u, err := user.Lookup(f.user)
	if err != nil && numeric {
		u, err = user.LookupId(strconv.Itoa(uid))
	}
	switch {
	case err == nil:
		uid, _ = strconv.Atoi(u.Uid)
		if !strings.Contains(f.user, ":") {
			gid, _ = strconv.Atoi(u.Gid)
		}
		groups, err := u.GroupIds()
		if err != nil {
			return fmt.Errorf("find groups of %s: %w", f.user, err)
		}
		for _, g := range groups {
			if n, err := strconv.Atoi(g); err == nil {
				c.User.Groups = append(c.User.Groups, n)
			}
		}
		c.Env = slices.DeleteFunc(c.Env, func(e string) bool {
			return strings.HasPrefix(e, "USER=") || strings.HasPrefix(e, "LOGNAME=") || strings.HasPrefix(e, "HOME=")
		})
		c.Env = append(c.Env, "USER="+u.Username, "LOGNAME="+u.Username, "HOME="+u.HomeDir)
	case !numeric:
		return fmt.Errorf("user %q: %w", f.user, err)
	}
	c.User.UID, c.User.GID = uid, gid
	return nil
}

// parseIDs reads UID or UID:GID; a user without an entry is in the group of his number.
func parseIDs(text string) (uid, gid int, ok bool) {
	u, g, both := strings.Cut(text, ":")
	uid, err := strconv.Atoi(u)
	gid = uid
	if err == nil && both {
		gid, err = strconv.Atoi(g)
	}
	return uid, gid, err == nil && uid >= 0 && gid >= 0
}
