package cli

import (
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// pages are the manual pages of this directory.
//
//go:embed *.1 *.7 *.8
var pages embed.FS

func newMan() *cobra.Command {
	c := &cobra.Command{
		Use:   "man [PAGE]",
		Short: "Show a manual page; without PAGE, list them with what they are about",
		Args:  arguments(cobra.MaximumNArgs(1)),
	}
	asJSON := c.Flags().Bool("json", false, "print the list as an array of objects")
	asRoff := c.Flags().Bool("roff", false, "print the page as it is written, for man(1) and its like")
	c.RunE = func(c *cobra.Command, args []string) error {
		switch {
		case len(args) == 0 && *asJSON:
			return printJSON(c.OutOrStdout(), manualIndex())
		case len(args) == 0:
			return printIndex(c.OutOrStdout())
		}
		name, ok := findPage(args[0])
		if !ok {
			return usageError("no manual page %q (`%s man` lists them)", args[0], programName)
		}
		return showPage(c, name, *asRoff)
	}
	return c
}

// findPage accepts a page's name and that of a command: node is openmosix-node.
func findPage(word string) (string, bool) {
	for _, name := range []string{word, programName + "-" + word} {
		for _, p := range manualIndex() {
			if p.Name == name {
				return p.file, true
			}
		}
	}
	return "", false
}

// showPage has man(1) show the page to people; into a pipe, or where there is no man(1),
// goes plain text.
func showPage(c *cobra.Command, name string, asRoff bool) error {
	text, err := pages.ReadFile(name)
	if err != nil {
		return err
	}
	if asRoff {
		_, err := c.OutOrStdout().Write(text)
		return err
	}
	formatter, err := exec.LookPath("man")
	if err != nil || !isTerminal(os.Stdout) {
		_, err := fmt.Fprint(c.OutOrStdout(), pageText(string(text)))
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
