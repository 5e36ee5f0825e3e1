package cli

import (
	"os"
	"strings"
	"testing"

	"openmosix/internal/model/nodemap"
	"openmosix/internal/node/control"
)

// What a script leaves empty, as a variable that was never set, names neither this node nor everybody.
func TestEmptyWords(t *testing.T) {
	dir := fakeDaemon(t, func(r control.Request) control.Result {
		t.Errorf("asked for: %+v", r)
		return fakeNodes(r)
	})
	for _, words := range [][]string{
		{"mosctl", "expel", "-n", ""}, {"mosctl", "status", "--node="}, {"mosctl", "getload", ""}, {"mosctl", "isup", ""}, {"mosctl", "status", ""},
		{"migrate", "--all", "-u", "", "2"}, {"migrate", "1", ""}, {"mps", "-u", ""}, {"omdiscd", "-i", ""}, {programName, "events", "--node", ""},
		{programName, "events", "--kind", ""}, {programName, "uninstall", "--root", ""},
	} {
		if words[1] != "uninstall" {
			words = append(words, "--run-dir", dir)
		}
		if got := run(words[0], words[1:]...); got.code != ExitUsage || strings.Count(got.errOut, "\n") != 1 || got.out != "" {
			t.Errorf("%q: %+v", words, got)
		}
	}
	if isCalled(control.Node{Number: 3}, "") {
		t.Error("a node without a name has an empty one")
	}
}

// What is wrong with a command line is told in words of people, with where to look.
func TestWhatIsWrongIsTold(t *testing.T) {
	for line, want := range map[string]string{
		"migrate --nonsense 1 2":  "migrate: unknown flag: --nonsense (`openmosix migrate --help` says more)",
		"migrate -g x 2":          "migrate: -g, --group: \"x\" is not a number (`openmosix migrate --help` says more)",
		"migrate --wait=so 1 2":   "migrate: --wait: \"so\" is not true or false (`openmosix migrate --help` says more)",
		"openmosix events -n two": "openmosix: -n, --count: \"two\" is not a number (`openmosix events --help` says more)",
		"mosmon --interval soon":  "mosmon: --interval: \"soon\" is not a time, as 90s, 10m or 2h (`openmosix mosmon --help` says more)",
		"mtop x":                  "mtop: \"x\": no argument is expected (usage: openmosix mtop [flags])",
		"mosctl setyard fast":     "mosctl: \"fast\": not a speed: that is a number from 1 on, or the word standard or this",
		"mosctl setspeed fast":    "mosctl: \"fast\": not a speed: that is a number from 1 on, or the word measured",
		"mosrun --what true":      "mosrun: unknown flag: --what (`mosrun --help` lists them)",
		"mosrun -d 0 true":        "mosrun: -d 0: expected a positive number",
	} {
		words := strings.Fields(line)
		if got := run(words[0], words[1:]...); got.code != ExitUsage || got.errOut != want+"\n" {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

// Of the map files that the original knew the first counts that there is, as with the node.
func TestWhereTheMapIs(t *testing.T) {
	dir := t.TempDir()
	all := []string{dir + "/openmosix.map", dir + "/mosix.map", dir + "/hpc.map"}
	if got := firstOf(all); got != all[0] {
		t.Errorf("of none: %s", got)
	}
	if err := os.WriteFile(all[2], nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := firstOf(all); got != all[2] || len(nodemap.Files) != len(all) {
		t.Errorf("of one: %s", got)
	}
}

// A user that is not there is named, and no error.
func TestConfigCheckDoubts(t *testing.T) {
	dir := t.TempDir()
	key, file := dir+"/key", dir+"/openmosix.toml"
	if got := run(programName, "key", "new", key); got.code != ExitOK {
		t.Fatalf("%+v", got)
	}
	if err := os.WriteFile(file, []byte("number = 1\nkey = \""+key+"\"\n[balance]\nusers = [\"no-such-user\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := run(programName, "config", "check", file)
	if got.code != ExitOK || !strings.HasPrefix(got.out, "good: node 1") || got.errOut != "openmosix: balance.users: there is no user \"no-such-user\" here\n" {
		t.Errorf("%+v", got)
	}
}
