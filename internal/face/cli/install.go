package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/spf13/cobra"

	"openmosix/internal/node/config"
	"openmosix/packaging"
)

func newInstall(version string) *cobra.Command {
	c := &cobra.Command{
		Use:   "install",
		Short: "Install this program with its commands, manual pages, completions and services",
		Args:  arguments(cobra.NoArgs),
	}
	root := c.Flags().String("root", "/", "install below this directory")
	c.RunE = func(c *cobra.Command, _ []string) error {
		files, err := installed(version)
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

// installedFile is one file of an installation.
type installedFile struct {
	path    string
	mode    fs.FileMode
	content []byte
	link    string // instead of content
	keep    bool   // what is there stays
}

// installed is everything an installation consists of.
func installed(version string) ([]installedFile, error) {
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
		{path: "etc/init.d/openmosix", mode: 0o755, content: packaging.Init},
		{path: config.DefaultFile, mode: 0o644, content: []byte(config.Default().Text(true)), keep: true},
	}
	for _, name := range applets {
		files = append(files, installedFile{path: "usr/bin/" + name, link: programName})
	}
	names, err := fs.Glob(pages, "*.[178]")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := pages.ReadFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, installedFile{path: "usr/share/man/man" + path.Ext(name)[1:] + "/" + name, mode: 0o644, content: text})
	}
	completions, err := completionFiles(version)
	return append(files, completions...), err
}

func completionFiles(version string) ([]installedFile, error) {
	root := newRoot(version)
	var files []installedFile
	var failed error
	for place, write := range map[string]func(io.Writer) error{
		"usr/share/bash-completion/completions/" + programName:         func(w io.Writer) error { return root.GenBashCompletionV2(w, true) },
		"usr/share/zsh/vendor-completions/_" + programName:             root.GenZshCompletion,
		"usr/share/fish/vendor_completions.d/" + programName + ".fish": func(w io.Writer) error { return root.GenFishCompletion(w, true) },
	} {
		var text bytes.Buffer
		failed = errors.Join(failed, write(&text))
		files = append(files, installedFile{path: place, mode: 0o644, content: text.Bytes()})
	}
	return files, failed
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
