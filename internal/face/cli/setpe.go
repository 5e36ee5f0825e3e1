package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"openmosix/internal/model/nodemap"
	"openmosix/internal/model/topology"
	"openmosix/internal/node/config"
	"openmosix/internal/node/control"
)

// setpeFlags are the original's: -w or -W write, -r reads, -c only checks, -g
// says how many gateways there may be.
type setpeFlags struct {
	write, writeInit, read, check bool
	file                          string
	gateways                      int
}

func newSetpe() *cobra.Command {
	f := &setpeFlags{}
	c := &cobra.Command{
		Use:   "setpe {-w|-r|-c|-g {0|1|2}} [-f {FILE|-}]",
		Short: "Write, read and check the map of node numbers, as openMosix did",
		Long: `-w makes a map that of this node: it is put in place as ` + nodemap.Files[0] + `
(setting discovery.map) and the node daemon, if one runs, takes it over. -r prints the nodes the daemon
knows as a map. -c only checks a map. -g sets how many relays there may be between
this node and another (setting topology.gateways). A map is needed only where nodes do not
find each other.`,
		Args: noArguments,
	}
	flags := c.Flags()
	flags.BoolVarP(&f.write, "write", "w", false, "make the map that of this node")
	flags.BoolVarP(&f.writeInit, "write-init", "W", false, "as -w")
	flags.BoolVarP(&f.read, "read", "r", false, "print the map of the nodes that are known")
	flags.BoolVarP(&f.check, "check", "c", false, "only check the map")
	flags.StringVarP(&f.file, "file", "f", "", "map file; - is standard input or output (the default of -r); default: where the node reads it")
	flags.IntVarP(&f.gateways, "gateways", "g", 0, "how many relays there may be between this node and another: 0, 1 or 2")
	ask := client(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		f.write = f.write || f.writeInit
		gateways := c.Flags().Changed("gateways")
		switch {
		case gateways && (f.read || f.check):
			return usageError("-g sets something, -r and -c do not: one after the other")
		case f.read && !f.write && !f.check:
			return f.printMap(c, ask())
		case gateways:
			if err := f.setGateways(c, ask()); err != nil || !f.write {
				return err
			}
		case f.read || !f.write && !f.check:
			return usageError("one of -w, -r, -c and -g is needed (usage: %s)", c.UseLine())
		}
		text, err := f.load(c.InOrStdin())
		if err != nil {
			return err
		}
		if f.check {
			return nil
		}
		return install(c, ask(), text)
	}
	return c
}

// load reads the map and checks it.
func (f *setpeFlags) load(stdin io.Reader) ([]byte, error) {
	const limit = 1 << 20
	name, from := f.file, stdin
	if name == "" {
		var err error
		if name, err = mapPlace(); err != nil {
			return nil, err
		}
	}
	if name == "-" {
		name = "standard input"
	} else {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		from = file
	}
	text, err := io.ReadAll(io.LimitReader(from, limit))
	if err != nil {
		return nil, err
	}
	m, err := nodemap.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(m) == 0 {
		return nil, fmt.Errorf("%s: no nodes in it", name)
	}
	return text, nil
}

// mapPlace is where this node reads its map; without one, where it would look first.
func mapPlace() (string, error) {
	c, err := config.Load(config.DefaultFile)
	if err != nil {
		return "", err
	}
	if c.Discovery.Map != "" {
		return c.Discovery.Map, nil
	}
	return firstOf(nodemap.Files[:]), nil
}

// firstOf is the first of these files that there is, else the first.
func firstOf(paths []string) string {
	for _, path := range paths {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return paths[0]
}

// install puts the map in place and has the daemon read it. A map the daemon
// refuses is taken back.
func install(c *cobra.Command, client *control.Client, text []byte) error {
	path, err := mapPlace()
	if err != nil {
		return err
	}
	return replaceAndReload(c, client, path, text)
}

// setGateways writes MOSGATES, which is where the original kept it. What the
// configuration file says stands over it.
func (f *setpeFlags) setGateways(c *cobra.Command, client *control.Client) error {
	if f.gateways < 0 || f.gateways > topology.MaxGateways {
		return usageError("-g %d: expected 0…%d", f.gateways, topology.MaxGateways)
	}
	path := filepath.Join(filepath.Dir(config.DefaultFile), config.OriginalName)
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var text strings.Builder
	for line := range strings.Lines(string(before)) {
		if !strings.HasPrefix(strings.TrimPrefix(strings.TrimSpace(line), "export "), "MOSGATES=") {
			text.WriteString(strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	fmt.Fprintf(&text, "MOSGATES=%d\n", f.gateways)
	if err := replaceAndReload(c, client, path, []byte(text.String())); err != nil {
		return err
	}
	now, err := config.Load(config.DefaultFile)
	if err == nil && now.Topology.Gateways != f.gateways {
		err = fmt.Errorf("%s says topology.gateways = %d, which stands over it", config.DefaultFile, now.Topology.Gateways)
	}
	return err
}

// replaceAndReload writes a file that the daemon reads. One it refuses is
// taken back.
func replaceAndReload(c *cobra.Command, client *control.Client, path string, text []byte) error {
	before, err := os.ReadFile(path)
	existed := err == nil
	if err := replaceFile(path, text); err != nil {
		return err
	}
	r, err := client.Ask(c.Context(), control.Request{Verb: control.Reload}, nil)
	if errors.Is(err, control.ErrNotRunning) {
		return nil // it will read it when it starts
	}
	if err == nil {
		err = errorOf(r)
	}
	if err == nil {
		return nil
	}
	if existed {
		return errors.Join(err, replaceFile(path, before))
	}
	return errors.Join(err, os.Remove(path))
}

func replaceFile(path string, text []byte) error {
	fresh, err := os.CreateTemp(filepath.Dir(path), ".openmosix-")
	if err != nil {
		return fmt.Errorf("write "+path+": %w", err)
	}
	defer os.Remove(fresh.Name())
	_, err = fresh.Write(text)
	if err = errors.Join(err, fresh.Chmod(0o644), fresh.Sync(), fresh.Close()); err != nil {
		return fmt.Errorf("write "+path+": %w", err)
	}
	if err := os.Rename(fresh.Name(), path); err != nil {
		return fmt.Errorf("put "+path+" in place: %w", err)
	}
	return nil
}

func (f *setpeFlags) printMap(c *cobra.Command, client *control.Client) error {
	nodes, _, err := nodesOf(c, client)
	if err != nil {
		return err
	}
	text := nodemap.Format(nodes)
	if f.file == "" || f.file == "-" {
		_, err = io.WriteString(c.OutOrStdout(), text)
		return err
	}
	return replaceFile(f.file, []byte(text))
}
