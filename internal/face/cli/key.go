package cli

import (
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"openmosix/internal/model/trust"
	"openmosix/internal/node/config"
	"openmosix/internal/node/keyfile"
)

func newKey() *cobra.Command {
	key := &cobra.Command{
		Use:   "key",
		Short: "Make, change and examine the cluster key",
		Args:  arguments(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	key.AddCommand(newKeyNew(), newKeyRotate(), newKeyShow(), newKeyID())
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

func newKeyRotate() *cobra.Command {
	c := &cobra.Command{
		Use:   "rotate [FILE]",
		Short: "Add a new key that takes over after half of the overlap",
		Long: `Adds a new key to the file. Both are accepted from now to the end of the overlap;
the new one is used from its half. Copy the file to every node, and reload
("openmosix reload"), before the half.`,
		Args: arguments(cobra.MaximumNArgs(1)),
	}
	overlap := c.Flags().Duration("overlap", 48*time.Hour, "how long both keys are accepted; "+trust.MinOverlap.String()+" at least")
	c.RunE = func(c *cobra.Command, args []string) error {
		path := keyPath(args)
		ring, err := keyfile.Rotate(path, time.Now(), *overlap)
		if err != nil {
			return err
		}
		added := ring[len(ring)-1]
		_, err = fmt.Fprintf(c.OutOrStdout(), "%s: key %s added, used from %s; copy the file to every node and reload before then\n",
			path, added.Key.ID(), added.From.Local().Format(time.RFC3339))
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
			ring, err := keyfile.Load(keyPath(args))
			if err != nil {
				return err
			}
			key, err := ring.Signing(time.Now())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), key.ID())
			return err
		},
	}
}

// shownKey is one key of a file, without its secret.
type shownKey struct {
	ID    string     `json:"id"`
	State string     `json:"state"` // used, accepted or expired
	From  *time.Time `json:"from,omitempty"`
	Until *time.Time `json:"until,omitempty"`
}

func newKeyShow() *cobra.Command {
	c := &cobra.Command{
		Use:   "show [FILE]",
		Short: "Show the keys of a file by their public names, and their times",
		Args:  arguments(cobra.MaximumNArgs(1)),
	}
	asJSON := c.Flags().Bool("json", false, "print an array of objects")
	c.RunE = func(c *cobra.Command, args []string) error {
		ring, err := keyfile.Load(keyPath(args))
		if err != nil {
			return err
		}
		shown := showKeys(ring, time.Now())
		if *asJSON {
			return printJSON(c.OutOrStdout(), shown)
		}
		t := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "KEY\tSTATE\tUSED FROM\tREFUSED FROM")
		for _, k := range shown {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", k.ID, k.State, whenOr(k.From, "always"), whenOr(k.Until, "never"))
		}
		return t.Flush()
	}
	return c
}

func showKeys(ring trust.Ring, now time.Time) []shownKey {
	used, _ := ring.Signing(now) // none valid: none is shown as used
	accepted := ring.Accepted(now)
	var out []shownKey
	for _, h := range ring {
		k := shownKey{ID: h.Key.ID(), State: "expired"}
		if h.Key == used {
			k.State = "used"
		} else if slices.Contains(accepted, h.Key) {
			k.State = "accepted"
		}
		if !h.From.IsZero() {
			k.From = &h.From
		}
		if !h.Until.IsZero() {
			k.Until = &h.Until
		}
		out = append(out, k)
	}
	return out
}

func whenOr(at *time.Time, otherwise string) string {
	if at == nil {
		return otherwise
	}
	return at.Local().Format(time.RFC3339)
}

func keyPath(args []string) string {
	if len(args) == 1 {
		return args[0]
	}
	return config.DefaultKey
}
