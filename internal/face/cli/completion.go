package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/event"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/visible"
	"openmosix/internal/node/control"
)

// completeLimit is how long a shell may be kept waiting for the node daemon.
const completeLimit = time.Second

// words gives what may stand at a place of a command line, with a tab and an
// explanation where there is one.
type words func(c *cobra.Command, before []string) []string

// places says for each command what its arguments are.
var places = map[string]words{
	"migrate":   func(c *cobra.Command, _ []string) []string { return slices.Concat(processWords(), destinationWords(c)) },
	"mps":       func(*cobra.Command, []string) []string { return processWords() },
	"why":       func(*cobra.Command, []string) []string { return processWords() },
	"mosmon":    func(c *cobra.Command, _ []string) []string { return prefixed("+", nodeWords(c)) },
	"mosctl":    mosctlCompletion,
	"tune":      func(c *cobra.Command, _ []string) []string { return nodeWords(c) },
	"prep_tune": func(c *cobra.Command, _ []string) []string { return nodeWords(c) },
	"man":       func(*cobra.Command, []string) []string { return pageWords() },
	"calls":     func(*cobra.Command, []string) []string { return callWords() },
}

// flagPlaces says what the values of flags are, whatever the command.
var flagPlaces = map[string]words{
	"node":      func(c *cobra.Command, _ []string) []string { return nodeWords(c) },
	"interface": func(*cobra.Command, []string) []string { return interfaceWords() },
	"log":       func(*cobra.Command, []string) []string { return []string{"debug", "info", "warn", "error"} },
	"strategy": func(*cobra.Command, []string) []string {
		return []string{string(supervisor.PreCopy), string(supervisor.PostCopy)}
	},
	"sort": func(*cobra.Command, []string) []string { return slices.Sorted(maps.Keys(topOrders)) },
	"kind": func(*cobra.Command, []string) []string { return kindWords() },
}

// addCompletions makes all commands below root complete what they take.
func addCompletions(root *cobra.Command) {
	scripts(root)
	for _, c := range root.Commands() {
		if give, ok := places[c.Name()]; ok {
			c.ValidArgs, c.ValidArgsFunction = nil, completion(give)
		} else if c.Name() == "mosrun" || isWrapper(c.Name()) {
			c.ValidArgsFunction = completeRun
		}
		for name, give := range flagPlaces {
			if c.Flags().Lookup(name) != nil {
				cobra.CheckErr(c.RegisterFlagCompletionFunc(name, completion(give)))
			}
		}
	}
}

// scripts adds the command that prints completion scripts. Cobra's own takes a shell that it does not know for a
// wish for help, and says that all is well.
func scripts(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Args = arguments(cobra.NoArgs)
			c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
		}
	}
}

func isWrapper(name string) bool { _, is := wrappers[name]; return is }

func completion(give words) cobra.CompletionFunc {
	return func(c *cobra.Command, before []string, begun string) ([]string, cobra.ShellCompDirective) {
		return beginning(give(c, before), begun), cobra.ShellCompDirectiveNoFileComp
	}
}

func beginning(all []string, begun string) []string {
	return slices.DeleteFunc(all, func(w string) bool { return !strings.HasPrefix(w, begun) })
}

func prefixed(with string, all []string) []string {
	for i := range all {
		all[i] = with + all[i]
	}
	return all
}

// nodeWords are the numbers of the nodes, explained by their names.
func nodeWords(c *cobra.Command) []string {
	runDir := defaultRunDir(os.Getenv(runDirVariable))
	if f := c.Flag("run-dir"); f != nil && f.Value.String() != "" {
		runDir = f.Value.String()
	}
	ctx, cancel := context.WithTimeout(context.Background(), completeLimit)
	defer cancel()
	r, err := control.NewClient(runDir).Ask(ctx, control.Request{Verb: control.Nodes}, nil)
	if err != nil {
		return nil
	}
	var out []string
	for _, n := range r.Nodes {
		out = append(out, fmt.Sprintf("%d\t%s, %s", n.Number, visible.Line(n.Name), stateOf(n)))
	}
	return out
}

func destinationWords(c *cobra.Command) []string {
	return append(nodeWords(c), "home\twhere it was started", "balance\twhere it runs best")
}

// processWords are the processes the user may move, by the kernel's rule.
func processWords() []string {
	proc := procfs.FS("/proc")
	pids, err := proc.Pids()
	if err != nil {
		return nil
	}
	user := control.Caller{UID: uint32(os.Geteuid())}
	var out []string
	for _, pid := range pids {
		status, err := proc.Status(pid)
		if err != nil || status.Kthread || pid == os.Getpid() || !user.MayKill(status) {
			continue
		}
		out = append(out, strconv.Itoa(pid)+"\t"+visible.Line(status.Name))
	}
	return out
}

func mosctlCompletion(c *cobra.Command, before []string) []string {
	if len(before) == 0 {
		out := make([]string, len(mosctlVerbs))
		for i, v := range mosctlVerbs {
			out[i] = v.word + "\t" + v.about
		}
		return out
	}
	for _, v := range mosctlVerbs {
		if v.word != before[0] || len(before) > v.most {
			continue
		}
		switch {
		case strings.Contains(v.takes, "NODE") || strings.Contains(v.takes, "ID"):
			return nodeWords(c)
		case strings.HasPrefix(v.takes, "{SPEED|"):
			return strings.Split(strings.Trim(strings.TrimPrefix(v.takes, "{SPEED|"), "}"), "|")
		}
	}
	return nil
}

// kindWords are the kinds of events, explained.
func kindWords() []string {
	out := []string{"list\tprint them all"}
	for _, k := range event.Kinds() {
		out = append(out, string(k.Kind)+"\t"+k.Meaning)
	}
	return out
}

func interfaceWords() []string {
	all, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var out []string
	for _, i := range all {
		out = append(out, i.Name)
	}
	return out
}

func pageWords() []string {
	var out []string
	for _, p := range manualIndex() {
		out = append(out, p.Name+"\t"+p.About)
	}
	return out
}

func callWords() []string {
	var out []string
	for _, r := range syscalls.Rows() {
		out = append(out, r.Name)
	}
	return out
}

// completeRun is for mosrun and its wrappers, which read their options
// themselves: options, then the name of a command, then whatever that takes.
func completeRun(c *cobra.Command, before []string, begun string) ([]string, cobra.ShellCompDirective) {
	if c.Name() == "runon" {
		if len(before) == 0 {
			return beginning(nodeWords(c), begun), cobra.ShellCompDirectiveNoFileComp
		}
		before = before[1:]
	}
	for len(before) > 0 && strings.HasPrefix(before[0], "-") {
		takes := slices.Contains(valuedOptions, before[0])
		before = before[1:]
		if !takes {
			continue
		}
		if len(before) == 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		before = before[1:]
	}
	switch {
	case len(before) > 0:
		return nil, cobra.ShellCompDirectiveDefault
	case strings.HasPrefix(begun, "-"):
		return beginning(append(optionWords(), prefixed("-", nodeWords(c))...), begun), cobra.ShellCompDirectiveNoFileComp
	case strings.Contains(begun, "/"):
		return nil, cobra.ShellCompDirectiveDefault
	}
	return beginning(commandWords(), begun), cobra.ShellCompDirectiveNoFileComp
}

// valuedOptions of mosrun are followed by a word.
var valuedOptions = []string{"-t", "-d", "-j", "--allow", "--deny", "--disclosure", "--run-dir"}

// optionWords takes mosrun's options from its help.
func optionWords() []string {
	var out []string
	for line := range strings.Lines(mosrunHelp) {
		if !strings.HasPrefix(line, "  -") {
			continue
		}
		options, about, _ := strings.Cut(strings.TrimSpace(line), "  ")
		for _, word := range strings.Fields(options) {
			word = strings.TrimSuffix(word, "LIST")
			if strings.HasPrefix(word, "-") && word != "-N" {
				out = append(out, word+"\t"+strings.TrimSpace(about))
			}
		}
	}
	return out
}

// commandWords are the programs of PATH.
func commandWords() []string {
	var out []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // most paths name some directory that is not there
		}
		for _, e := range entries {
			if !e.IsDir() {
				out = append(out, e.Name())
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// asked puts what a shell asks of a command called by its own name into the
// order of the whole program: `migrate __complete 1` is about migrate.
func asked(rest []string) []string {
	if len(rest) > 1 && (rest[1] == cobra.ShellCompRequestCmd || rest[1] == cobra.ShellCompNoDescRequestCmd) {
		rest[0], rest[1] = rest[1], rest[0]
	}
	return rest
}

// completionFiles are the scripts by which shells ask, one for each name.
func completionFiles() ([]installedFile, error) {
	var files []installedFile
	var failed error
	for _, name := range append([]string{programName}, applets...) {
		// What is asked, the program says when it is asked; of a command the script has the name.
		c := &cobra.Command{Use: name}
		for _, shell := range []struct {
			place string
			write func(io.Writer) error
		}{
			{"usr/share/bash-completion/completions/" + name, func(w io.Writer) error { return c.GenBashCompletionV2(w, true) }},
			{"usr/share/zsh/vendor-completions/_" + name, c.GenZshCompletion},
			{"usr/share/fish/vendor_completions.d/" + name + ".fish", func(w io.Writer) error { return c.GenFishCompletion(w, true) }},
		} {
			var text bytes.Buffer
			failed = errors.Join(failed, shell.write(&text))
			files = append(files, installedFile{path: shell.place, mode: 0o644, content: text.Bytes()})
		}
	}
	return files, failed
}
