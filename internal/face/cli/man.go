package cli

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// pages are the manual pages of this directory.
//
//go:embed *.1 *.7 *.8
var pages embed.FS

func newMan() *cobra.Command {
	return &cobra.Command{
		Use:   "man [PAGE]",
		Short: "Show a manual page; without PAGE, list them",
		Args:  arguments(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listPages(c)
			}
			name, ok := findPage(args[0])
			if !ok {
				return usageError("no manual page %q (`%s man` lists them)", args[0], programName)
			}
			return showPage(c, name)
		},
	}
}

func listPages(c *cobra.Command) error {
	names, err := fs.Glob(pages, "*.[178]")
	if err != nil {
		return err
	}
	for _, n := range names {
		if _, err := fmt.Fprintln(c.OutOrStdout(), strings.TrimSuffix(n, path.Ext(n))); err != nil {
			return err
		}
	}
	return nil
}

// findPage accepts a page's name and that of a command: node is openmosix-node.
func findPage(word string) (string, bool) {
	if _, ok := wrappers[word]; ok {
		word = "mosrun"
	}
	for _, stem := range []string{word, programName + "-" + word} {
		for _, section := range []string{".1", ".7", ".8"} {
			if _, err := fs.Stat(pages, stem+section); err == nil {
				return stem + section, true
			}
		}
	}
	return "", false
}

// showPage has man(1) format the page for people; the source goes to a pipe or
// when there is no man(1).
func showPage(c *cobra.Command, name string) error {
	text, err := pages.ReadFile(name)
	if err != nil {
		return err
	}
	formatter, err := exec.LookPath("man")
	if err != nil || !isTerminal(os.Stdout) {
		_, err := c.OutOrStdout().Write(text)
		return err
	}
	show := exec.CommandContext(c.Context(), formatter, "-l", "-")
	show.Stdin, show.Stdout, show.Stderr = strings.NewReader(string(text)), os.Stdout, os.Stderr
	return show.Run()
}

func newInstallLinks() *cobra.Command {
	c := &cobra.Command{
		Use:   "install-links DIRECTORY",
		Short: "Make links so that migrate, mps, mosctl and others are commands of their own",
		Args:  arguments(cobra.ExactArgs(1)),
	}
	force := c.Flags().Bool("force", false, "replace files of these names")
	c.RunE = func(_ *cobra.Command, args []string) error {
		program, err := os.Executable()
		if err != nil {
			return fmt.Errorf("find own program: %w", err)
		}
		for _, name := range applets {
			link := filepath.Join(args[0], name)
			if *force {
				if err := os.Remove(link); err != nil && !os.IsNotExist(err) {
					return fmt.Errorf("replace %s: %w", link, err)
				}
			}
			if old, err := os.Readlink(link); err == nil && old == program {
				continue
			}
			if err := os.Symlink(program, link); err != nil {
				return fmt.Errorf("make link (--force replaces what is there): %w", err)
			}
		}
		return nil
	}
	return c
}
