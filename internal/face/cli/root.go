// Package cli is what people type: one multi-call program whose commands are
// clients of the node daemon, and the daemon itself.
//
// A command does three things: understand its arguments, ask node/control, and
// print. What is asked for happens in the daemon. Each command has a manual
// page in the file beside it; a test compares them.
package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"openmosix/internal/node/control"
)

// programName is the name of the executable and of the command that has all others.
const programName = "openmosix"

// runDirVariable changes the default of --run-dir.
const runDirVariable = "OPENMOSIX_RUN_DIR"

// applets are the commands that also go by a name of their own.
var applets = []string{"migrate", "mosctl", "mosmon", "mosrun", "mps", "mtop", "omdiscd", "prep_tune", "setpe", "showmap", "tune", "tune_kernel", "why",
	"nomig", "runhome", "runon", "cpujob", "iojob", "nodecay", "slowdecay", "fastdecay"}

// Main runs a command line and returns the exit status. args[0] is the name
// the program was called by; if it is that of an applet, that applet runs.
func Main(args []string, version string) int {
	called := filepath.Base(args[0])
	rest := args[1:]
	if slices.Contains(applets, called) {
		rest = asked(append([]string{called}, rest...))
	} else {
		called = programName
	}
	ctx, stop := interruptible()
	defer stop()
	root := newRoot(version)
	root.SetArgs(rest)
	err := root.ExecuteContext(ctx)
	code := report(os.Stderr, called, err)
	var by *interrupted
	if errors.As(err, &by) {
		return dieOf(by.by)
	}
	return code
}

// report prints an error as one line and turns it into an exit status.
func report(w io.Writer, called string, err error) int {
	if err == nil {
		return ExitOK
	}
	var exit *exitError
	if by := (*interrupted)(nil); errors.As(err, &by) {
		exit = &exitError{code: 128 + int(by.by), text: by.text}
	} else if !errors.As(err, &exit) {
		exit = &exitError{code: ExitFailure, text: err.Error()}
	}
	if errors.Is(err, control.ErrNotRunning) {
		exit = &exitError{code: ExitNotRunning, text: exit.text}
	}
	if exit.text != "" {
		fmt.Fprintf(w, "%s: %s\n", called, exit.text)
	}
	return exit.code
}

func newRoot(version string) *cobra.Command {
	root := &cobra.Command{
		Use:   programName,
		Short: "Move running processes between the machines of a cluster",
		Long: `openMosix makes machines act as one: running processes move between them and
keep looking as if they ran where they were started.`,
		Version:           version,
		SilenceErrors:     true,
		SilenceUsage:      true,
		Args:              cobra.ArbitraryArgs,
		PersistentPreRunE: noEmptyOptions,
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError("unknown command %q (`%s help` lists them)", args[0], programName)
			}
			return c.Help()
		},
	}
	root.SetVersionTemplate(programName + " {{.Version}}\n")
	root.SetHelpCommand(newHelp(root))
	root.SetFlagErrorFunc(wrongOption)
	root.AddCommand(newMigrate(), newMPS(), newMosctl(), newMosmon(), newMtop(), newMosrun(), newWhy(), newNode(), newKey(), newConfig(), newReload(),
		newNodes(), newShowmap(), newSetpe(), newOmdiscd(), newTune(), newPrepTune(), newProbe(), newStatus(), newEvents(), newCalls(), newHpcfs(version),
		newLabCommand(), newSim(), newDemoCommand(), newMan(), newInstallLinks(), newInstall(), newUninstall(), newVersion(version))
	root.AddCommand(newWrappers()...)
	addCompletions(root)
	return root
}

// client adds the flag that says which daemon to ask.
func client(c *cobra.Command) func() *control.Client {
	runDir := defaultRunDir(os.Getenv(runDirVariable))
	c.Flags().StringVar(&runDir, "run-dir", runDir, "run directory of the node daemon ($"+runDirVariable+")")
	return func() *control.Client { return control.NewClient(runDir) }
}

// arguments makes a wrong number of arguments a usage error.
func arguments(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return usageError("%v (usage: %s)", err, c.UseLine())
		}
		return nil
	}
}

// newHelp is cobra's, but that a command that is not there is an error.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND...]",
		Short: "Help about any command",
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var out []string
			for _, c := range root.Commands() {
				if c.IsAvailableCommand() {
					out = append(out, c.Name()+"\t"+c.Short)
				}
			}
			return out, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return usageError("unknown command %q (`%s help` lists them)", strings.Join(args, " "), programName)
			}
			if c.DisableFlagParsing { // such a command prints its own
				return c.RunE(c, []string{"--help"})
			}
			c.InitDefaultHelpFlag()
			c.InitDefaultVersionFlag()
			return c.Help()
		},
	}
}

func newVersion(version string) *cobra.Command {
	c := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArguments,
	}
	asJSON := c.Flags().Bool("json", false, "print an object")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if *asJSON {
			return printJSON(c.OutOrStdout(), map[string]string{"version": version})
		}
		_, err := fmt.Fprintf(c.OutOrStdout(), "%s %s\n", programName, version)
		return err
	}
	return c
}
