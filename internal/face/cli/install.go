package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"openmosix/internal/node/config"
	"openmosix/packaging"
)

func newInstall() *cobra.Command {
	c := &cobra.Command{
		Use:   "install",
		Short: "Install this program with its commands, manual pages, completions and services",
		Args:  noArguments,
	}
	root := c.Flags().String("root", "/", "install below this directory")
	c.RunE = func(c *cobra.Command, _ []string) error {
		files, err := installed()
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := f.put(*root); err != nil {
				return fmt.Errorf("install: %w", err)
			}
		}
		return nil
	}
	return c
}

func newUninstall() *cobra.Command {
	c := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove what install has put in place, but for configuration and key",
		Args:  noArguments,
	}
	root := c.Flags().String("root", "/", "remove below this directory")
	c.RunE = func(c *cobra.Command, _ []string) error {
		files, err := installed()
		if err != nil {
			return err
		}
		var failed error
		for _, f := range files {
			failed = errors.Join(failed, f.remove(*root))
		}
		if failed != nil {
			return fmt.Errorf("uninstall: %w", failed)
		}
		return nil
	}
	return c
}

// remove takes the file away if it is there, and if it is a link, only if it is ours.
func (f installedFile) remove(root string) error {
	place := filepath.Join(root, f.path)
	if f.keep {
		return nil
	}
	if to, err := os.Readlink(place); f.link != "" && (err != nil || to != f.link) {
		return nil
	}
	if err := os.Remove(place); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// installedFile is one file of an installation.
type installedFile struct {
	path    string
	mode    fs.FileMode
	content []byte
	link    string // instead of content
	keep    bool   // what is there stays
}

// installed is everything an installation consists of.
func installed() ([]installedFile, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find own program: %w", err)
	}
	binary, err := os.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("read own program: %w", err)
	}
	files := []installedFile{
		{path: "usr/bin/" + programName, mode: 0o755, content: binary},
		{path: "usr/lib/systemd/system/openmosix.service", mode: 0o644, content: packaging.Service},
		{path: "usr/lib/systemd/system/openmosix-hpcfs.service", mode: 0o644, content: packaging.Files},
		{path: "etc/init.d/openmosix", mode: 0o755, content: packaging.Init},
		{path: config.DefaultFile, mode: 0o644, content: []byte(config.Default().Text(true)), keep: true},
	}
	for _, name := range applets {
		files = append(files, installedFile{path: "usr/bin/" + name, link: programName})
	}
	manual, err := manualFiles()
	if err != nil {
		return nil, err
	}
	completions, err := completionFiles()
	return slices.Concat(files, manual, completions), err
}

// put writes the file at once: a program that runs from it, or a reader, has
// the old one or the new one.
func (f installedFile) put(root string) error {
	place := filepath.Join(root, f.path)
	if _, err := os.Lstat(place); err == nil && f.keep {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return err
	}
	fresh := place + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if f.link != "" {
		if err := os.Symlink(f.link, fresh); err != nil {
			return err
		}
		return os.Rename(fresh, place)
	}
	if err := os.WriteFile(fresh, f.content, f.mode); err != nil {
		return err
	}
	// WriteFile's mode is subject to the umask.
	return errors.Join(os.Chmod(fresh, f.mode), os.Rename(fresh, place))
}
