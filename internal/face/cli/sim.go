package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"openmosix/lab/sim"
)

func newSim() *cobra.Command {
	c := &cobra.Command{
		Use:   "sim SCENARIO",
		Short: "Compute how a cluster that is only described would fare",
		Long: `Runs the balancing policy of the daemon, and others beside it, on a cluster and
jobs that a scenario describes, with a virtual clock. SCENARIO is a file, the
name of one that comes with openMosix (--list names them), or - for the input.`,
		Example: `  openmosix sim --list
  openmosix sim assignment-comparison --runs 100
  openmosix sim mine.txt --plot mine.svg`,
		Args: arguments(cobra.MaximumNArgs(1)),
	}
	asJSON := c.Flags().Bool("json", false, "print an object")
	plot := c.Flags().String("plot", "", "write a picture to this file: SVG or PNG, as its name ends")
	list := c.Flags().Bool("list", false, "list the scenarios that come with openMosix")
	show := c.Flags().Bool("show", false, "print the scenario instead of computing it")
	runs := c.Flags().Int("runs", 0, "compute so many runs (default: as the scenario says)")
	seed := c.Flags().Uint64("seed", 0, "draw from this seed (default: as the scenario says)")
	c.RunE = func(c *cobra.Command, args []string) error {
		switch {
		case *list && len(args) == 0:
			return listScenarios(c.OutOrStdout())
		case *list || len(args) == 0:
			return usageError("either a scenario or --list (usage: %s)", c.UseLine())
		case *plot != "" && !slices.Contains(sim.Formats, filepath.Ext(*plot)):
			return usageError("--plot %s: its name should end in one of %s", *plot, strings.Join(sim.Formats, ", "))
		case c.Flags().Changed("runs") && (*runs < 1 || *runs > sim.MaxRuns):
			return usageError("--runs: %d is not in 1…%d", *runs, sim.MaxRuns)
		}
		text, err := openScenario(c.InOrStdin(), args[0])
		if err != nil {
			return err
		}
		defer text.Close()
		if *show {
			_, err := io.Copy(c.OutOrStdout(), text)
			return err
		}
		s, err := sim.Parse(text)
		if err != nil {
			return usageError("%s: %v", args[0], err)
		}
		if *runs > 0 {
			s.Runs = *runs
		}
		if c.Flags().Changed("seed") {
			s.Seed = *seed
		}
		report, err := sim.Compute(c.Context(), s)
		if err != nil {
			return err
		}
		if *plot != "" {
			if err := writePlot(*plot, report); err != nil {
				return err
			}
		}
		if *asJSON {
			return printJSON(c.OutOrStdout(), report)
		}
		return report.Print(c.OutOrStdout())
	}
	return c
}

func listScenarios(w io.Writer) error {
	for _, name := range sim.Scenarios() {
		text, err := sim.OpenScenario(name)
		if err != nil {
			return err
		}
		s, err := sim.Parse(text)
		if err := errors.Join(err, text.Close()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if _, err := fmt.Fprintf(w, "%-24s %s\n", name, s.Title); err != nil {
			return err
		}
	}
	return nil
}

// openScenario of a file; of what is no file, by its name.
func openScenario(stdin io.Reader, word string) (io.ReadCloser, error) {
	if word == "-" {
		return io.NopCloser(stdin), nil
	}
	file, err := os.Open(word)
	if err == nil {
		return file, nil
	}
	if own, ownErr := sim.OpenScenario(word); ownErr == nil {
		return own, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usageError("%s: there is no such file, and no such scenario (--list names them)", word)
	}
	return nil, fmt.Errorf("read scenario: %w", err)
}

func writePlot(path string, report *sim.Report) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write plot: %w", err)
	}
	if err := errors.Join(report.Plot(file, filepath.Ext(path)), file.Close()); err != nil {
		return fmt.Errorf("write plot: %w", err)
	}
	return nil
}
