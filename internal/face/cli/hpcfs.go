package cli

import (
	"fmt"
	"log/slog"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"openmosix/internal/face/hpcfs"
	"openmosix/internal/linux/procfs"
)

func newHpcfs(version string) *cobra.Command {
	c := &cobra.Command{
		Use:   "hpcfs {MOUNTPOINT|--files}",
		Short: "Mount nodes, processes and settings as a tree of files, as /proc/hpc was",
		Long: `Mounts a tree of files at a directory and serves it until it is told to end or
the tree is unmounted: echo 3 > /hpc/proc/1234/goto moves a process, cat
/hpc/nodes/2/load shows a load. Whoever uses a file has no more rights than with
the other commands.`,
		Args: arguments(cobra.MaximumNArgs(1)),
	}
	ask := client(c)
	replace := c.Flags().Bool("replace", false, "mount anew where a server has died")
	list := c.Flags().Bool("files", false, "list the files and what they mean, mount nothing")
	asJSON := c.Flags().Bool("json", false, "with --files, print an array of objects")
	c.RunE = func(c *cobra.Command, args []string) error {
		switch {
		case *list && len(args) > 0, *list && *replace, *asJSON && !*list, !*list && len(args) == 0:
			return usageError("one of a mount point and --files is needed (usage: %s)", c.UseLine())
		case *asJSON:
			return printJSON(c.OutOrStdout(), hpcfs.Table())
		case *list:
			return printFiles(c)
		}
		tree := &hpcfs.Tree{Daemon: ask(), Version: version, Proc: procfs.FS("/proc")}
		log := slog.New(slog.NewTextHandler(os.Stderr, nil))
		return hpcfs.Serve(c.Context(), tree, hpcfs.Options{MountPoint: args[0], Replace: *replace, Log: log})
	}
	return c
}

func printFiles(c *cobra.Command) error {
	t := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	for _, row := range hpcfs.Table() {
		mode := ""
		if row.Read {
			mode = "r"
		}
		if row.Write {
			mode += "w"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", row.Path, mode, row.About)
	}
	return t.Flush()
}
