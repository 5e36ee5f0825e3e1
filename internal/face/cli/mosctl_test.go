package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
	"openmosix/internal/node/settings"
	"openmosix/internal/node/tuning"
)

func TestMosctlAsks(t *testing.T) {
	nodes := []control.Node{
		{Number: 1, Name: "one", Address: "10.0.0.1:7779", Self: true, Up: true, Load: 0.5, Speed: 20000, MemFree: 7, MemAvailable: 9, Utilisation: 33, CPUs: 2, Accepting: true},
		{Number: 2, Name: "two", Address: "10.0.0.2:7779", Up: true, Quiet: true, AskMicros: 1234},
		{Number: 3, Name: "three", Address: "10.0.0.3:7779", Text: "nobody there"},
	}
	dir := fakeDaemon(t, func(r control.Request) control.Result {
		switch {
		case r.Verb == control.Admin && r.Word == "show":
			v := settings.Default()
			return control.Result{Node: 1, Settings: &v}
		case r.Verb == control.Costs:
			return control.Result{Links: []tuning.Link{{Node: 3, CallMicros: 80, AskMicros: 1500, MBPerSecond: 900}}}
		case r.Verb == control.Nodes && r.To == 0 && r.Node == "":
			return control.Result{Nodes: nodes}
		case r.Verb == control.Nodes && r.To == 99:
			return control.Result{Code: supervisor.UnknownNode, Text: "unknown"}
		case r.Verb == control.Nodes && r.Node == "two":
			return control.Result{Nodes: nodes[1:2]}
		case r.Verb == control.Nodes:
			return control.Result{Nodes: nodes[r.To-1 : r.To]}
		}
		t.Errorf("asked for %+v", r)
		return control.Result{}
	})
	for line, want := range map[string]outcome{
		"getload":        {0, "0.50\n", ""},
		"getload two":    {0, "-\n", ""},
		"getload -n two": {0, "-\n", ""},
		"getspeed":       {0, "20000\n", ""},
		"getmem":         {0, "7\n", ""},
		"getfree 1":      {0, "9\n", ""},
		"getutil":        {0, "33\n", ""},
		"getload 3":      {ExitUnreachable, "", "mosctl: node 3 does not answer: nobody there\n"},
		"isup 2":         {0, "yes\n", ""},
		"isup 3":         {ExitNo, "no\n", ""},
		"isup 99":        {ExitUnknownNode, "", "mosctl: unknown\n"},
		"whois":          {0, "1 10.0.0.1 one\n", ""},
		"whois TWO":      {0, "2 10.0.0.2 two\n", ""},
		"whois 10.0.0.3": {0, "3 10.0.0.3 three\n", ""},
		"getyard":        {0, "10000\n", ""},
		"getdecay":       {0, "interval 1 s, slow 975/1000, fast 926/1000\n", ""},
		"gettune":        {0, gettune, ""},
		"status 3":       {0, "node 3 (three) at 10.0.0.3:7779: down: nobody there\n", ""},
	} {
		if got := run("mosctl", append([]string{"--run-dir", dir}, strings.Fields(line)...)...); got != want {
			t.Errorf("%s: %+v, want %+v", line, got, want)
		}
	}
	if got := run("mosctl", "--run-dir", dir, "whois", "four"); got.code != ExitUnknownNode {
		t.Errorf("%+v", got)
	}
	if got := run("mosctl", "--run-dir", dir, "status"); got.code != 0 || !strings.Contains(got.out, "2 of speed 20000") || !strings.Contains(got.out, "block") {
		t.Errorf("%+v", got)
	}
	var n control.Node
	if got := run("mosctl", "--run-dir", dir, "--json", "getload"); json.Unmarshal([]byte(got.out), &n) != nil || n.Load != 0.5 {
		t.Errorf("%+v", got)
	}
}

const gettune = `NODE  TO ASK, NOW  TO ASK   A CALL HOME  TO MOVE  MB/S  MEASURED
2     1.23 ms      -        -            -        -     never (` + "`tune`" + `)
3     down         1.50 ms  80.0 us      0.0 us   900   0001-01-01 00:00Z
`

func TestMosctlTells(t *testing.T) {
	heard := ""
	dir := fakeDaemon(t, func(r control.Request) control.Result {
		heard = fmt.Sprintf("%s %s%v%d%s", r.Verb, r.Word, r.Values, r.To, r.Node)
		v := settings.Default()
		switch r.Word {
		case "expel":
			return control.Result{Settings: &v, Outcomes: []control.Outcome{{PID: 5, Home: 2, Node: 1}, {PID: 6, Home: 2, Node: 1, Code: supervisor.Unreachable, Text: "no answer"}}}
		case "stay":
			return control.Result{Code: control.NotPermitted, Text: "not permitted"}
		case "quiet", "bring":
			return control.Result{Settings: &v, Unkept: "it holds only until then"}
		}
		return control.Result{Settings: &v}
	})
	for line, want := range map[string]struct {
		heard string
		outcome
	}{
		"block":               {"admin block[]0", outcome{}},
		"noblock -n 3":        {"admin noblock[]3", outcome{}},
		"lstay -n two":        {"admin lstay[]0two", outcome{}},
		"setspeed 5000":       {"admin setspeed[5000]0", outcome{}},
		"setspeed measured":   {"admin setspeed[0]0", outcome{}},
		"setyard standard":    {"admin setyard[10000]0", outcome{}},
		"setdecay 10":         {"admin setdecay[10]0", outcome{}},
		"setdecay 10 990 940": {"admin setdecay[10 990 940]0", outcome{}},
		"stay":                {"admin stay[]0", outcome{ExitNotPermitted, "", "mosctl: not permitted\n"}},
		"quiet":               {"admin quiet[]0", outcome{ExitFailure, "", "mosctl: it holds only until then\n"}},
		"bring":               {"admin bring[]0", outcome{ExitFailure, "0 moved, 0 not\n", "mosctl: it holds only until then\n"}},
		"expel":               {"admin expel[]0", outcome{ExitUnreachable, "1 moved, 1 not\n", "mosctl: expel: process 6 of node 2 is still on node 1: no answer\n"}},
	} {
		got := run("mosctl", append([]string{"--run-dir", dir}, strings.Fields(line)...)...)
		if got != want.outcome || heard != want.heard {
			t.Errorf("%s: %+v and heard %q, want %+v", line, got, heard, want)
		}
	}
}
