package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"openmosix/internal/node/config"
	"openmosix/internal/node/keyfile"
)

func newKey() *cobra.Command {
	key := &cobra.Command{
		Use:   "key",
		Short: "Make and examine the cluster key",
		Args:  arguments(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	key.AddCommand(newKeyNew(), newKeyID())
	return key
}

func newKeyNew() *cobra.Command {
	c := &cobra.Command{
		Use:   "new [FILE]",
		Short: "Make a cluster key (default " + config.DefaultKey + ")",
		Args:  arguments(cobra.MaximumNArgs(1)),
	}
	force := c.Flags().Bool("force", false, "replace a key that is there: its cluster cannot be joined with this file any more")
	c.RunE = func(c *cobra.Command, args []string) error {
		path := keyPath(args)
		key, err := keyfile.Create(path, *force)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s: key of cluster %s; copy the file to every node of the cluster, and to nobody else\n", path, key.ID())
		return err
	}
	return c
}

func newKeyID() *cobra.Command {
	return &cobra.Command{
		Use:   "id [FILE]",
		Short: "Check a key file and print the public name of its cluster",
		Args:  arguments(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			key, err := keyfile.Load(keyPath(args))
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), key.ID())
			return err
		},
	}
}

func keyPath(args []string) string {
	if len(args) == 1 {
		return args[0]
	}
	return config.DefaultKey
}
