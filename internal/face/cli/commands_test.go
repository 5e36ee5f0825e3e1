package cli

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"openmosix/internal/node/control"
)

// without are the commands that have no --json, and why.
var without = map[string]string{
	"openmosix":                "has commands",
	"openmosix config":         "has commands",
	"openmosix key":            "has commands",
	"openmosix lab":            "has commands",
	"openmosix config check":   "the exit status is the answer",
	"openmosix config default": "prints a file",
	"openmosix setpe":          "prints a file, as the original; showmap --json has what is in it",
	"openmosix mosrun":         "prints nothing; the output is the command's",
	"openmosix node":           "is a daemon and prints a log",
	"openmosix key new":        "prints one word; key show --json has it",
	"openmosix key id":         "prints one word",
	"openmosix key rotate":     "prints one word; key show --json has it",
	"openmosix lab down":       "prints nothing",
	"openmosix lab up":         "lab status --json has what it prints",
	"openmosix lab exec":       "the output is the command's",
	"openmosix lab shell":      "the output is the shell's",
	"openmosix demo":           "is a show for people",
	"openmosix install":        "prints nothing",
	"openmosix uninstall":      "prints nothing",
	"openmosix install-links":  "prints nothing",
}

// each visits the commands people use.
func each(f func(c *cobra.Command)) {
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		f(c)
		for _, sub := range c.Commands() {
			if !sub.Hidden && sub.Name() != "completion" && sub.Name() != "help" {
				visit(sub)
			}
		}
	}
	visit(newRoot("1.2"))
}

func TestEveryCommand(t *testing.T) {
	excused := maps.Clone(without)
	each(func(c *cobra.Command) {
		path := c.CommandPath()
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: what it does is %q, which should be a line without a full stop", path, c.Short)
		}
		page := path
		for page != "" {
			if _, ok := findPage(strings.TrimPrefix(page, programName+" ")); ok {
				break
			}
			page = strings.TrimSuffix(page[:max(strings.LastIndex(page, " "), 0)], " ")
		}
		if page == "" {
			t.Errorf("%s is in no manual page", path)
		}
		_, known := excused[path]
		delete(excused, path)
		has := c.Flags().Lookup("json") != nil
		if has == known && !isWrapper(c.Name()) {
			t.Errorf("%s: has --json: %v, is excused from it: %v", path, has, known)
		}
		words := append(strings.Fields(strings.TrimPrefix(path, programName)), "--help")
		got := run(programName, words...)
		if got.code != ExitOK || got.errOut != "" || !strings.Contains(got.out, "Usage:") {
			t.Errorf("%s --help: %+v", path, got)
		}
		if strings.Contains(c.Use, " ") && !c.HasSubCommands() && !strings.Contains(got.out, strings.Fields(c.Use)[1]) && c.Name() != "mosrun" && !isWrapper(c.Name()) {
			t.Errorf("%s --help does not show what it takes", path)
		}
	})
	for path := range excused {
		t.Errorf("%s is excused and does not exist", path)
	}
}

// Every name a person can type has a manual and completes.
func TestEveryNameIsInstalled(t *testing.T) {
	root := t.TempDir()
	if got := run(programName, "install", "--root", root); got != (outcome{}) {
		t.Fatalf("%+v", got)
	}
	for _, name := range append([]string{programName}, applets...) {
		for _, place := range []string{"usr/bin/" + name, "usr/share/man/man1/" + name + ".1", "usr/share/bash-completion/completions/" + name,
			"usr/share/zsh/vendor-completions/_" + name, "usr/share/fish/vendor_completions.d/" + name + ".fish"} {
			if _, err := os.Stat(filepath.Join(root, place)); err != nil {
				t.Error(err)
			}
		}
	}
	if text, err := os.ReadFile(filepath.Join(root, "usr/share/man/man1/nomig.1")); err != nil || string(text) != ".so man1/mosrun.1\n" {
		t.Errorf("%q, %v", text, err)
	}
	if got := run(programName, "uninstall", "--root", root); got != (outcome{}) {
		t.Fatalf("%+v", got)
	}
	left := map[string]bool{}
	_ = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			left[strings.TrimPrefix(path, root+"/")] = true
		}
		return err
	})
	if len(left) != 1 || !left["etc/openmosix/openmosix.toml"] {
		t.Errorf("left: %v", left)
	}
}

func TestManualIndex(t *testing.T) {
	var index []manualPage
	got := run(programName, "man", "--json")
	if err := json.Unmarshal([]byte(got.out), &index); err != nil || got.code != 0 {
		t.Fatalf("%+v", got)
	}
	for _, p := range index {
		if p.Name == "" || p.About == "" || strings.Contains(p.About, `\`) || !strings.Contains("178", p.Section) {
			t.Errorf("%+v", p)
		}
	}
	if got := run(programName, "man"); !strings.Contains(got.out, "fastdecay (1)              - run a command, and say where it may go\n") {
		t.Errorf("%+v", got)
	}
}

// Into a pipe goes what people can read, whatever of the pages' language they use, and not more than a
// terminal is wide, but for lines that are not filled; the source goes when it is asked for.
func TestPagesAsText(t *testing.T) {
	for _, p := range manualIndex() {
		got := run(programName, "man", p.Name)
		if got.code != 0 || !strings.HasPrefix(got.out, strings.ToUpper(strings.TrimSuffix(p.file, "."+p.Section))+"("+p.Section+")\n\nNAME\n       ") {
			t.Errorf("%s: %+v", p.Name, got)
		}
		for _, line := range strings.Split(got.out, "\n") {
			if strings.HasPrefix(line, ".") || strings.Contains(line, `\`) {
				t.Errorf("%s: %s", p.Name, line)
			}
		}
		source, err := pages.ReadFile(p.file)
		asIs := false
		for line := range strings.Lines(string(source)) {
			if line == ".nf\n" || line == ".fi\n" {
				asIs = line == ".nf\n"
			}
			if strings.HasPrefix(line, " ") && !asIs {
				t.Errorf("%s: a line is set in outside of .nf: %s", p.Name, line)
			}
		}
		if got := run(programName, "man", "--roff", p.Name); err != nil || got.out != string(source) {
			t.Errorf("%s as it is written: %v, %+v", p.Name, err, got)
		}
	}
	const page = ".TH X 1 \"\"\n.SH NAME\nx \\- about\n.SH TWO WORDS\n.TP\n.B x\nThat.\n.PP\n.B first\n.BR second (1),\nthird.\n.TP\n.B a\nShort.\n.TP\n.BI \\-\\-longer \" WORD\"\nText that\n.br\ngoes on.\n.nf\nas  \\fBit\\fR is\n.fi\n.PP\nEnd\\&.\n"
	const want = "X(1)\n\nNAME\n       x - about\n\nTWO WORDS\n       x      That.\n\n       first second(1), third.\n\n       a      Short.\n\n       --longer WORD\n              Text that\n              goes on.\n              as  it is\n\n       End.\n"
	if got := pageText(page); got != want {
		t.Errorf("%s", got)
	}
}

// The pages are right to the programs that format them, where those are there.
func TestPagesFormatWithoutWarnings(t *testing.T) {
	formatter, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("there is no groff here")
	}
	files, err := filepath.Glob("*.[178]")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		out, err := exec.CommandContext(t.Context(), formatter, "-man", "-Tutf8", "-ww", "-z", file).CombinedOutput()
		if err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", file, err, out)
		}
	}
}

// complete gives the words that complete a command line.
func complete(t *testing.T, line ...string) []string {
	t.Helper()
	got := run(programName, append([]string{cobra.ShellCompRequestCmd}, line...)...)
	if got.code != 0 {
		t.Fatalf("%q: %+v", line, got)
	}
	var out []string
	for _, word := range strings.Split(strings.TrimSpace(got.out), "\n") {
		word, _, _ = strings.Cut(word, "\t")
		if !strings.HasPrefix(word, ":") {
			out = append(out, word)
		}
	}
	return out
}

func fakeNodes(control.Request) control.Result {
	return control.Result{Nodes: []control.Node{{Number: 1, Name: "one", Self: true, Up: true}, {Number: 2, Name: "two", Up: true}, {Number: 17}}}
}

func TestCompletion(t *testing.T) {
	dir := fakeDaemon(t, fakeNodes)
	t.Setenv(runDirVariable, dir)
	own := strings.Fields("1 2 17")
	for name, c := range map[string]struct {
		line []string
		has  []string
		not  []string
	}{
		"a destination":      {[]string{"migrate", "1", ""}, []string{"1", "2", "17", "home", "balance"}, []string{"stay"}},
		"its beginning":      {[]string{"migrate", "1", "h"}, []string{"home"}, []string{"2", "balance"}},
		"words":              {[]string{"mosctl", "get"}, []string{"getload", "getdecay"}, []string{"stay"}},
		"a node of a word":   {[]string{"mosctl", "getload", ""}, own, []string{"stay"}},
		"nothing more":       {[]string{"mosctl", "stay", ""}, nil, own},
		"what is taken":      {[]string{"mosctl", "setyard", ""}, []string{"standard", "this"}, nil},
		"a flag's node":      {[]string{"mosctl", "--node", ""}, own, nil},
		"the first column":   {[]string{"mosmon", "+"}, []string{"+2", "+17"}, []string{"2"}},
		"a page":             {[]string{"man", "open"}, []string{"openmosix-node"}, []string{"mosrun"}},
		"a call":             {[]string{"calls", "getp"}, []string{"getpid"}, []string{"read"}},
		"a program":          {[]string{"mosrun", "-l", "sh"}, []string{"sh"}, []string{"-l"}},
		"mosrun's options":   {[]string{"mosrun", "-"}, []string{"-h", "-j", "-2", "-17", "--allow", "-E"}, []string{"-N", "sh"}},
		"after a value":      {[]string{"mosrun", "-t", "5", "s"}, []string{"sh"}, nil},
		"runon's node":       {[]string{"runon", ""}, own, []string{"sh"}},
		"runon's program":    {[]string{"runon", "2", "sh"}, []string{"sh"}, own},
		"a log level":        {[]string{"node", "--log", "w"}, []string{"warn"}, []string{"info"}},
		"a strategy":         {[]string{"migrate", "--strategy", "p"}, []string{"precopy", "postcopy"}, nil},
		"an order":           {[]string{"mtop", "--sort", "m"}, []string{"memory", "moves"}, []string{"cpu"}},
		"a kind of events":   {[]string{"events", "--kind", ""}, []string{"moved", "lost", "list"}, nil},
		"no node of a lab":   {[]string{"lab", "exec", "--dir", "/nowhere", ""}, nil, own},
		"commands by letter": {[]string{"mi"}, []string{"migrate"}, []string{"mps"}},
	} {
		got := complete(t, c.line...)
		for _, word := range c.has {
			if !slices.Contains(got, word) {
				t.Errorf("%s: %q lacks %s: %q", name, c.line, word, got)
			}
		}
		for _, word := range c.not {
			if slices.Contains(got, word) {
				t.Errorf("%s: %q has %s: %q", name, c.line, word, got)
			}
		}
	}
	if got := complete(t, "why", ""); !slices.Contains(got, "1") == (os.Geteuid() == 0) {
		t.Errorf("processes: %q", got)
	}
	if got := asked([]string{"migrate", cobra.ShellCompRequestCmd, "1"}); !slices.Equal(got, []string{cobra.ShellCompRequestCmd, "migrate", "1"}) {
		t.Errorf("%q", got)
	}
}
