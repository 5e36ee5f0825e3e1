package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"openmosix/internal/node/config"
	"openmosix/internal/node/control"
	"openmosix/internal/node/keyfile"
)

func newConfig() *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "Check and show a node's configuration",
		Args:  arguments(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newConfigCheck(), newConfigShow(), newConfigDefault())
	return c
}

// loadConfig reads a file, the default one if none is given, and completes it.
func loadConfig(args []string) (config.Config, error) {
	path := config.DefaultFile
	if len(args) == 1 {
		path = args[0]
	}
	c, err := config.Load(path)
	if err != nil {
		return c, err
	}
	if c, err = c.Complete(); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	if err := c.Check(); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func newConfigCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check [FILE]",
		Short: "Tell whether a node could start with this configuration, map and key",
		Args:  arguments(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			full, err := loadConfig(args)
			if err != nil {
				return err
			}
			if _, err := keyfile.Load(full.Key); err != nil {
				return err
			}
			for _, doubt := range full.Doubts() {
				fmt.Fprintf(c.ErrOrStderr(), "%s: %s\n", programName, doubt)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "good: node %d (%s), %d other nodes configured\n", full.Number, full.Name, len(full.Peers))
			return err
		},
	}
}

func newConfigShow() *cobra.Command {
	c := &cobra.Command{
		Use:   "show [FILE]",
		Short: "Show what is in force: the files over the defaults, every setting explained",
		Args:  arguments(cobra.MaximumNArgs(1)),
	}
	asJSON := c.Flags().Bool("json", false, "print an object")
	c.RunE = func(c *cobra.Command, args []string) error {
		full, err := loadConfig(args)
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(c.OutOrStdout(), full.Settings())
		}
		_, err = fmt.Fprint(c.OutOrStdout(), full.Text(false))
		return err
	}
	return c
}

func newConfigDefault() *cobra.Command {
	return &cobra.Command{
		Use:   "default",
		Short: "Print a file to begin with: every setting explained, none changed",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(c.OutOrStdout(), config.Default().Text(true))
			return err
		},
	}
}

func newReload() *cobra.Command {
	c := &cobra.Command{
		Use:   "reload",
		Short: "Have the node daemon read its configuration and keys again",
		Args:  noArguments,
	}
	ask := client(c)
	asJSON := c.Flags().Bool("json", false, "print an object")
	c.RunE = func(c *cobra.Command, _ []string) error {
		r, err := ask().Ask(c.Context(), control.Request{Verb: control.Reload}, nil)
		if err == nil {
			err = errorOf(r)
		}
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(c.OutOrStdout(), r.Changes)
		}
		for _, name := range r.Changes.Applied {
			fmt.Fprintf(c.OutOrStdout(), "%s: changed\n", name)
		}
		for _, name := range r.Changes.Restart {
			fmt.Fprintf(c.OutOrStdout(), "%s: waits for a restart of the node\n", name)
		}
		return nil
	}
	return c
}
