package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/config"
	"openmosix/internal/node/control"
)

// outcome is what a command line led to.
type outcome struct {
	code        int
	out, errOut string
}

// run executes a command line as Main does, with its output caught.
func run(called string, args ...string) outcome {
	if called != programName {
		args = append([]string{called}, args...)
	}
	var out, errOut bytes.Buffer
	root := newRoot("1.2")
	root.SetOut(&out)
	root.SetErr(&errOut)
	root.SetArgs(args)
	code := report(&errOut, called, root.ExecuteContext(context.Background()))
	return outcome{code, out.String(), errOut.String()}
}

// fakeDaemon answers with what handle returns and gives its run directory.
func fakeDaemon(t *testing.T, handle func(control.Request) control.Result) string {
	t.Helper()
	return fakeDaemonOf(t, func(who control.Caller, r control.Request) control.Result {
		if who.UID != uint32(os.Geteuid()) || who.PID != os.Getpid() {
			t.Errorf("caller is %+v", who)
		}
		return handle(r)
	})
}

// fakeDaemonOf is fakeDaemon for any caller.
func fakeDaemonOf(t *testing.T, handle func(control.Caller, control.Request) control.Result) string {
	t.Helper()
	dir := t.TempDir()
	server, err := control.Listen(dir, func(_ context.Context, who control.Caller, r control.Request, tell func(control.Progress)) control.Result {
		tell(control.Progress{PID: r.PID, Phase: "precopy"})
		return handle(who, r)
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return dir
}

func TestWrongCommandLines(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	if got := run(programName, "key", "new", key); got.code != 0 || !strings.Contains(got.out, "key of cluster") {
		t.Fatalf("%+v", got)
	}
	for line, want := range map[string]int{
		"openmosix help dance":                       ExitUsage,
		"openmosix lab up --cpus 99999":              ExitUsage,
		"openmosix help key new":                     ExitOK,
		"openmosix help mosrun":                      ExitOK,
		"openmosix --version":                        ExitOK,
		"openmosix sim --runs 0 memory":              ExitUsage,
		"mosctl stay 2":                              ExitUsage,
		"migrate":                                    ExitUsage,
		"migrate 1":                                  ExitUsage,
		"migrate x 2":                                ExitUsage,
		"migrate 0 2":                                ExitUsage,
		"migrate 1 2node":                            ExitUsage,
		"migrate 1 2.5":                              ExitUsage,
		"migrate --run-dir /nowhere 1 node2":         ExitNotRunning,
		"migrate 1 99999999999999999999":             ExitUsage,
		"migrate -1 2":                               ExitUsage,
		"migrate --nonsense 1 2":                     ExitUsage,
		"migrate --run-dir /nowhere 1 2":             ExitNotRunning,
		"mps --run-dir /nowhere":                     ExitNotRunning,
		"mps --run-dir /nowhere x":                   ExitUsage,
		"mps -u nobody-has-this-name":                ExitUsage,
		"why":                                        ExitUsage,
		"why one":                                    ExitUsage,
		"why --run-dir /nowhere 1":                   ExitNotRunning,
		"openmosix dance":                            ExitUsage,
		"openmosix calls no_such_call":               ExitUsage,
		"openmosix man no-such-page":                 ExitUsage,
		"openmosix key new " + key:                   ExitFailure,
		"openmosix key id " + key:                    ExitOK,
		"openmosix key id /nowhere":                  ExitFailure,
		"openmosix node --config /nowhere":           ExitFailure,
		"openmosix node --check --number 1 --peer 2": ExitUsage,
		"openmosix node --check --number 1 --peer 2=10.0.0.2 --config " + os.DevNull + " --key " + key: ExitOK,
		"openmosix node --check --number 1 --config " + os.DevNull + " --key /nowhere":                 ExitFailure,
		"openmosix node --check --number 99999 --config " + os.DevNull:                                 ExitFailure,
		"openmosix nodes --run-dir /nowhere":                                                           ExitNotRunning,
		"mosmon -1 --run-dir /nowhere":                                                                 ExitNotRunning,
		"mosmon 3":                                                                                     ExitUsage,
		"mosmon --interval 1ms":                                                                        ExitUsage,
		"mtop":                                                                                         ExitUsage,
		"mtop --sort x":                                                                                ExitUsage,
		"mtop -d 0":                                                                                    ExitUsage,
		"mtop -1 --run-dir /nowhere":                                                                   ExitNotRunning,
		"mosctl":                                                                                       ExitUsage,
		"mosctl dance":                                                                                 ExitUsage,
		"mosctl setspeed":                                                                              ExitUsage,
		"mosctl setspeed 0":                                                                            ExitUsage,
		"mosctl setyard fast":                                                                          ExitUsage,
		"mosctl setdecay 1 2":                                                                          ExitUsage,
		"mosctl stay 3":                                                                                ExitUsage,
		"mosctl stay -n home":                                                                          ExitUsage,
		"mosctl stay --run-dir /nowhere":                                                               ExitNotRunning,
		"mosctl status --run-dir /nowhere":                                                             ExitNotRunning,
		"openmosix status --run-dir /nowhere":                                                          ExitNotRunning,
		"openmosix config check " + os.DevNull:                                                         ExitFailure,
		"openmosix config check /nowhere":                                                              ExitFailure,
		"openmosix config show " + os.DevNull:                                                          ExitOK,
		"openmosix config default":                                                                     ExitOK,
		"openmosix key rotate /nowhere":                                                                ExitFailure,
		"openmosix key rotate --overlap 1h " + key:                                                     ExitFailure,
		"openmosix key show " + key:                                                                    ExitOK,
		"openmosix reload --run-dir /nowhere":                                                          ExitNotRunning,
		"showmap --run-dir /nowhere":                                                                   ExitNotRunning,
		"setpe":                                                                                        ExitUsage,
		"setpe -r -c":                                                                                  ExitUsage,
		"setpe -r --run-dir /nowhere":                                                                  ExitNotRunning,
		"setpe -r -g 1":                                                                                ExitUsage,
		"setpe -c -g 1 -f " + os.DevNull:                                                               ExitUsage,
		"openmosix completion tcsh":                                                                    ExitUsage,
		"mosrun -t 65536 true":                                                                         ExitUsage,
		"mosrun -d 1001 true":                                                                          ExitUsage,
		"mosrun --disclosure 4 true":                                                                   ExitUsage,
		"setpe -c -f /nowhere":                                                                         ExitFailure,
		"setpe -c -f " + os.DevNull:                                                                    ExitFailure,
		"openmosix version":                                                                            ExitOK,
	} {
		words := strings.Fields(line)
		got := run(words[0], words[1:]...)
		if got.code != want {
			t.Errorf("%s: status %d, want %d (%s)", line, got.code, want, got.errOut)
		}
		if lines := strings.Count(got.errOut, "\n"); (want == ExitOK) != (lines == 0) || lines > 1 {
			t.Errorf("%s: %d lines on standard error, want one for an error and none otherwise:\n%s", line, lines, got.errOut)
		}
	}
}

func TestWhy(t *testing.T) {
	reasons := []control.Reason{{Code: "init", Text: "It is init.", Hint: "Move its children."}}
	dir := fakeDaemon(t, func(r control.Request) control.Result {
		if r.PID == 1 {
			return control.Result{Code: supervisor.CannotMove, Text: "cannot move", Reasons: reasons}
		}
		if r.PID == 3 {
			return control.Result{Balance: &control.Balance{Rule: "no-gain", Text: "no-gain: none is better", To: 2, Gain: 1.5}}
		}
		return control.Result{}
	})
	if got := run("why", "--run-dir", dir, "1"); got != (outcome{ExitCannotMove, "1: It is init.\n    Move its children.\n", ""}) {
		t.Errorf("%+v", got)
	}
	if got := run("why", "--run-dir", dir, "2"); got != (outcome{0, "2: can move\n", ""}) {
		t.Errorf("%+v", got)
	}
	var back struct {
		PID     int              `json:"pid"`
		Reasons []control.Reason `json:"reasons"`
		Balance *control.Balance `json:"balance"`
	}
	if got := run("why", "--run-dir", dir, "--json", "2"); json.Unmarshal([]byte(got.out), &back) != nil || back.PID != 2 || back.Reasons == nil || len(back.Reasons) > 0 {
		t.Errorf("%+v", got)
	}
	if got := run("why", "--run-dir", dir, "--json", "1"); json.Unmarshal([]byte(got.out), &back) != nil || !slices.Equal(back.Reasons, reasons) {
		t.Errorf("%+v", got)
	}
	if got := run("why", "--run-dir", dir, "3"); got != (outcome{0, "3: can move\n3: balance: no-gain: none is better\n", ""}) {
		t.Errorf("%+v", got)
	}
	if got := run("why", "--run-dir", dir, "--json", "3"); json.Unmarshal([]byte(got.out), &back) != nil || back.Balance == nil || back.Balance.To != 2 || back.Balance.Gain != 1.5 {
		t.Errorf("%+v", got)
	}
}

func TestMPS(t *testing.T) {
	own := os.Getpid()
	dir := fakeDaemon(t, func(control.Request) control.Result {
		return control.Result{Node: 5, Procs: []control.Proc{{PID: own, Node: 2, Moves: 3, CPUMicros: 65e6, RSS: 4096, State: "running"}}}
	})
	got := run("mps", "--run-dir", dir, "--json", strconv.Itoa(own))
	var rows []psRow
	if err := json.Unmarshal([]byte(got.out), &rows); err != nil || len(rows) != 1 {
		t.Fatalf("%v: %+v", err, got)
	}
	if r := rows[0]; r.PID != own || r.Node != 2 || r.Home != 5 || r.Moves != 3 || r.RSS != 4096 || r.Time < 65000 || r.Stat != "R" {
		t.Errorf("%+v", r)
	}
	table := run("mps", "--run-dir", dir, "-a")
	if lines := strings.Split(strings.TrimSpace(table.out), "\n"); len(lines) != 2 || !strings.Contains(lines[1], " 2 ") || !strings.Contains(lines[1], "1:") {
		t.Errorf("%+v", table)
	}
	if all := run("mps", "--run-dir", dir, "-e"); strings.Count(all.out, "\n") < 3 {
		t.Errorf("%+v", all)
	}
	if none := run("mps", "--run-dir", dir, "99999999"); none.code != ExitNoProcess {
		t.Errorf("%+v", none)
	}
	long := run("mps", "--run-dir", dir, "-l", "--tree", strconv.Itoa(own))
	if !strings.Contains(long.out, "CANTMOVE") || !strings.Contains(long.out, " 3    0        - ") {
		t.Errorf("%+v", long)
	}
	if got := run("mps", "--run-dir", dir, "-l", "--json", strconv.Itoa(own)); !strings.Contains(got.out, `"cantmove": []`) {
		t.Errorf("%+v", got)
	}
	if got := run("mtop", "--run-dir", dir, "-1"); got.code != 0 || !strings.Contains(got.out, "%CPU") || strings.Count(got.out, "\n") < 3 {
		t.Errorf("%+v", got)
	}
	if got := run("mtop", "--run-dir", dir, "--json", "-a"); got.code != 0 || json.Unmarshal([]byte(got.out), &rows) != nil || len(rows) != 1 {
		t.Errorf("%+v", got)
	}
	if d := cpuTime(61*time.Minute + 2*time.Second); d != "61:02" {
		t.Errorf("cpuTime: %s", d)
	}
}

func TestCalls(t *testing.T) {
	if got := run(programName, "calls", "getpid"); got.code != 0 || !strings.Contains(got.out, "getpid") || strings.Count(got.out, "\n") != 2 {
		t.Errorf("%+v", got)
	}
	var rows []callRow
	if got := run(programName, "calls", "--json"); json.Unmarshal([]byte(got.out), &rows) != nil || len(rows) < 300 {
		t.Errorf("%d rows", len(rows))
	}
}

func TestInstallLinks(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		if got := run(programName, "install-links", dir); got.code != 0 {
			t.Fatalf("%+v", got)
		}
	}
	for _, name := range applets {
		if _, err := os.Readlink(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	os.Remove(filepath.Join(dir, "mps"))
	os.WriteFile(filepath.Join(dir, "mps"), nil, 0o600)
	if got := run(programName, "install-links", dir); got.code != ExitFailure {
		t.Errorf("a file was replaced: %+v", got)
	}
	if got := run(programName, "install-links", "--force", dir); got.code != 0 {
		t.Errorf("%+v", got)
	}
}

// TestManualPages: every command people use has a page, which mentions every
// flag of it.
func TestManualPages(t *testing.T) {
	var visit func(c *cobra.Command, page string)
	visit = func(c *cobra.Command, page string) {
		if own, ok := findPage(c.Name()); ok && c.HasParent() {
			page = own
		}
		text, err := fs.ReadFile(pages, page)
		if err != nil {
			t.Fatal(err)
		}
		plain := strings.NewReplacer(`\-`, "-", `\fR`, "", `\fB`, "", `\fI`, "").Replace(string(text))
		if !strings.Contains(plain, c.Name()) {
			t.Errorf("%s does not mention %q", page, c.CommandPath())
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden && !strings.Contains(plain, "--"+f.Name) {
				t.Errorf("%s does not mention --%s of %q", page, f.Name, c.CommandPath())
			}
			if f.Shorthand != "" && !strings.Contains(plain, "-"+f.Shorthand) {
				t.Errorf("%s does not mention -%s of %q", page, f.Shorthand, c.CommandPath())
			}
		})
		for _, sub := range c.Commands() {
			if !sub.Hidden && sub.Name() != "completion" && sub.Name() != "help" {
				visit(sub, page)
			}
		}
	}
	visit(newRoot(""), programName+".1")

	migrate, err := fs.ReadFile(pages, "migrate.1")
	if err != nil {
		t.Fatal(err)
	}
	for status := ExitOK; status <= ExitAnotherMoving; status++ {
		if !strings.Contains(string(migrate), fmt.Sprintf("\n.B %d\n", status)) {
			t.Errorf("migrate.1 does not explain status %d", status)
		}
	}
	node, err := fs.ReadFile(pages, "openmosix-node.8")
	if err != nil {
		t.Fatal(err)
	}
	settings := 0
	for line := range strings.Lines(config.Default().Text(true)) {
		name, value, isSetting := strings.Cut(strings.TrimSpace(strings.TrimPrefix(line, "#")), " = ")
		if !isSetting || strings.Contains(name, " ") {
			continue
		}
		if first, _, more := strings.Cut(value, ","); more && strings.HasPrefix(value, "[") { // the page has no long lists
			value = first
		}
		value, _, _ = strings.Cut(value, " ")
		settings++
		if !strings.Contains(string(node), "\n"+name+" = "+value) {
			t.Errorf("openmosix-node.8 does not have the setting %s = %s", name, value)
		}
	}
	if settings < 40 {
		t.Errorf("%d settings were found", settings)
	}
}

func TestReloadShowsWhatChanged(t *testing.T) {
	dir := fakeDaemon(t, func(r control.Request) control.Result {
		if r.Verb != control.Reload {
			t.Errorf("%+v", r)
		}
		return control.Result{Changes: &control.Changes{Applied: []string{"log"}, Restart: []string{"listen"}}}
	})
	if got := run(programName, "reload", "--run-dir", dir); got != (outcome{0, "log: changed\nlisten: waits for a restart of the node\n", ""}) {
		t.Errorf("%+v", got)
	}
}

func TestMapOfNodes(t *testing.T) {
	dir := fakeDaemon(t, func(control.Request) control.Result {
		return control.Result{Nodes: []control.Node{
			{Number: 1, Address: "10.0.0.1:7779", Self: true}, {Number: 2, Address: "10.0.0.2:7779"}, {Number: 9, Address: "[fd00::9]:7779"}, {Number: 10},
		}}
	})
	if got := run("setpe", "-r", "--run-dir", dir); got != (outcome{0, "1\t10.0.0.1\t2\n9\tfd00::9\t1\n", ""}) {
		t.Errorf("%+v", got)
	}
	want := "My Node-Id: 0x0001\n\nBase Node-Id  Address   Count\n0x0001        10.0.0.1  2\n0x0009        fd00::9   1\n"
	if got := run("showmap", "--run-dir", dir); got != (outcome{0, want, ""}) {
		t.Errorf("%+v", got)
	}
	var shown shownMap
	if got := run("showmap", "--json", "--run-dir", dir); json.Unmarshal([]byte(got.out), &shown) != nil || shown.Self != 1 || len(shown.Runs) != 2 {
		t.Errorf("%+v", got)
	}
}

// Whose setting is out of range says in which file.
func TestWrongSettingNamesItsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "node.toml")
	if err := os.WriteFile(path, []byte("number = 1\n[guests]\nmax = -5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := run("openmosix", "config", "check", path); got.code != ExitFailure || !strings.Contains(got.errOut, path+": guests.max = -5") {
		t.Errorf("%+v", got)
	}
}
