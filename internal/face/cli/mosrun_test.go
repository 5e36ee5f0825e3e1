package cli

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"openmosix/internal/node/control"
)

func TestParseRun(t *testing.T) {
	for line, want := range map[string]string{
		"true":                       `{"lock":false}|[]|true`,
		"-l true":                    `{"lock":false}|[]|true`,
		"-k true":                    `{}|[]|true`,
		"-h ls -l":                   `{"lock":true}|home[]|ls -l`,
		"-3 -F ls -h":                `{"lock":true}|F[3]|ls -h`,
		"-j1-3,7 ls":                 `{"lock":true}|[1-3,7]|ls`,
		"-j 1-3,7 -l ls":             `{"lock":false}|[1-3,7]|ls`,
		"-jtwo,1-3,Three ls":         `{"lock":true}|[two Three 1-3]|ls`,
		"-c ls":                      `{"kind":"cpu"}|[]|ls`,
		"-i -5 ls":                   `{"lock":true,"kind":"io"}|[5]|ls`,
		"-s -t 10 -d 900 ls":         `{"decay":"slow","period":10,"keep":900}|[]|ls`,
		"-eR ls":                     `{"over_exec":"clear","over_fork":"clear"}|[]|ls`,
		"-3 -E -r ls":                `{"lock":true,"over_exec":"keep","over_fork":"keep"}|[3]|ls`,
		"-lz /usr/sbin/tcpd in.rshd": `{"lock":false}|z[]|/usr/sbin/tcpd in.rshd`,
		"--allow 1-3 --deny=2 --disclosure 1 ls --allow": `{"lock":false,"allow":"1-3","deny":"2","disclosure":1}|[]|ls --allow`,
		"--allow two,5-6 --deny three ls":                `{"lock":false,"allow":"5-6","deny":""}|[]|ls`,
		"-- -odd":                                        `{"lock":false}|[]|-odd`,
	} {
		p, err := parseRun(strings.Fields(line), "/run")
		change, _ := json.Marshal(p.change)
		got := string(change) + "|"
		for mark, on := range map[string]bool{"home": p.home, "F": p.anyway, "z": p.ownName} {
			if on {
				got += mark
			}
		}
		got += "[" + strings.TrimSpace(strings.Join(append(p.named, p.nodes.String()), " ")) + "]|" + strings.Join(p.command, " ")
		if err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", line, got, err, want)
		}
	}
	for _, line := range []string{"", "-l", "-z ls", "-x ls", "-0 ls", "-j ls", "-j", "-3x ls", "-jtwo,9x ls", "-h -jtwo ls", "-h -3 ls", "-t", "-t x ls", "--allow", "--allow 3x ls", "--what ls", "--disclosure x ls"} {
		_, err := parseRun(strings.Fields(line), "/run")
		var exit *exitError
		if !errors.As(err, &exit) || exit.code != ExitUsage {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestWrappers(t *testing.T) {
	for line, want := range map[string]string{
		"nomig a -b": "-L a -b", "runhome a": "-h a", "runon 3 -F a": "-j 3 -F a", "runon two a": "-j two a", "cpujob -l a": "-c -l a", "fastdecay -z a b": "-f -z a b",
	} {
		words := strings.Fields(line)
		if got, err := unwrapped(words[0], words[1:]); err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v", line, got, err)
		}
	}
	for line, want := range map[string]int{"runon": ExitUsage, "runon 1x ls": ExitUsage, "mosrun": ExitUsage, "mosrun --help": 0, "nomig --help": 0,
		"mosrun no-such-command-here": ExitNotFound, "mosrun --run-dir /nowhere true": ExitNotRunning, "runon 3 --run-dir /nowhere true": ExitNotRunning} {
		words := strings.Fields(line)
		if got := run(words[0], words[1:]...); got.code != want {
			t.Errorf("%s: %+v", line, got)
		}
	}
}

// A wrapper's help is about itself.
func TestWrapperHelp(t *testing.T) {
	for name, want := range map[string]string{"runon": "Usage: runon NODE [OPTION...]", "nomig": "It is mosrun -L."} {
		if got := run(name, "--help"); !strings.Contains(got.out, want) || !strings.Contains(got.out, "--disclosure N") || strings.Contains(got.out, "Usage: mosrun") {
			t.Errorf("%+v", got)
		}
	}
	if got := run("mosrun", "no-such-command-here"); got.errOut != "mosrun: no-such-command-here: cannot be run: executable file not found in $PATH\n" {
		t.Errorf("%+v", got)
	}
}

func TestMosrunPrepares(t *testing.T) {
	heard := []control.Verb{}
	dir := fakeDaemon(t, func(r control.Request) control.Result {
		heard = append(heard, r.Verb)
		switch r.Verb {
		case control.Nodes:
			nodes := []control.Node{{Number: 1, Self: true, Up: true}, {Number: 2, Name: "Two", Up: true, Accepting: true}, {Number: 3, Up: true}, {Number: 4}}
			if r.To != 0 {
				nodes = nodes[r.To-1 : r.To]
			}
			return control.Result{Nodes: nodes}
		case control.Policy:
			if r.PID != os.Getpid() || r.Change == nil {
				t.Errorf("%+v", r)
			}
			return control.Result{Mark: "mark"}
		case control.Attend:
			if r.To != 2 && r.To != 0 {
				t.Errorf("%+v", r)
			}
		}
		return control.Result{}
	})
	for line, want := range map[string]int{"-j2-4 true": 0, "-jtwo true": 0, "-jthree true": ExitUnknownNode, "-1 true": 0, "-h true": 0, "-3 true": ExitRefused, "-4 true": ExitUnreachable, "-9 true": ExitUnknownNode} {
		heard = nil
		p, err := parseRun(strings.Fields(line), dir)
		if err != nil {
			t.Fatal(err)
		}
		c := newMosrun()
		c.SetContext(t.Context())
		mark, err := p.prepare(c)
		var exit *exitError
		code := 0
		if errors.As(err, &exit) {
			code = exit.code
		}
		if code != want || (want == 0) != (mark == "mark") {
			t.Errorf("%s: %q, %v after %v", line, mark, err, heard)
		}
	}
}
