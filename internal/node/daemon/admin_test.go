package daemon

import (
	"os"
	"strings"
	"testing"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

func (n *node) admin(t *testing.T, to int, word string, values ...int) *control.Result {
	t.Helper()
	return n.ask(t, control.Request{Verb: control.Admin, To: to, Word: word, Values: values})
}

func TestBlockAndStay(t *testing.T) {
	one, two := twoNodes(t, nil)
	process := sleeper(t, 12345).Process.Pid
	if r := one.admin(t, 2, "block"); r.Code != "" || !r.Settings.Block {
		t.Fatalf("%+v", r)
	}
	if r := one.move(t, process, 2); r.Code != supervisor.Refused || !strings.Contains(r.Text, "noblock") {
		t.Errorf("a node that refuses guests: %+v", r)
	}
	if r := two.admin(t, 0, "noblock"); r.Code != "" {
		t.Errorf("%+v", r)
	}
	for word, undo := range map[string]string{"stay": "nostay", "lstay": "nolstay"} {
		one.admin(t, 0, word)
		if r := one.move(t, process, 2); r.Code != supervisor.Refused || !strings.Contains(r.Text, undo) {
			t.Errorf("%s: %+v", word, r)
		}
		one.admin(t, 0, undo)
	}
	if r := one.move(t, process, 2); r.Code != "" {
		t.Fatalf("%+v", r)
	}
	one.admin(t, 0, "lstay")
	if r := one.move(t, process, 0); r.Code != "" {
		t.Errorf("what is away may come home: %+v", r)
	}
}

func TestExpelAndBring(t *testing.T) {
	one, two := twoNodes(t, nil)
	first, second := sleeper(t, 12345).Process.Pid, sleeper(t, 0).Process.Pid
	for _, pid := range []int{first, second} {
		if r := one.move(t, pid, 2); r.Code != "" {
			t.Fatalf("%+v", r)
		}
	}
	var heard []control.Progress
	r, err := one.client.Ask(t.Context(), control.Request{Verb: control.Admin, To: 1, Word: "bring"}, func(p control.Progress) { heard = append(heard, p) })
	if err != nil || r.Code != "" || len(r.Outcomes) != 2 || len(heard) != 2 || heard[1].Done != 2 || heard[1].Total != 2 || !r.Settings.LStay {
		t.Errorf("%+v, %v, heard %+v", r, err, heard)
	}
	if n := one.away(); n != 0 {
		t.Errorf("%d are still away", n)
	}
	if r := two.admin(t, 0, "expel"); r.Code != "" || !r.Settings.Block {
		t.Errorf("nobody to expel: %+v", r)
	}
}

// Who has changed his mind stops an expel or bring that goes on: what has begun ends, no more begins.
func TestExpelAndBringAreUndone(t *testing.T) {
	one, two := twoNodes(t, nil)
	const count = movesAtOnce + 2
	for range count {
		if r := one.move(t, sleeper(t, 0).Process.Pid, 2); r.Code != "" {
			t.Fatalf("%+v", r)
		}
	}
	undone := func(n *node, word, undo string) (moved, not int) {
		said := false
		r := n.request(t.Context(), control.Caller{}, control.Request{Verb: control.Admin, Word: word}, func(p control.Progress) {
			if p.Phase == control.PhaseOneOfMany && !said {
				said = true
				if r := n.adminHere(t.Context(), control.Request{Word: undo}, nil); r.Code != "" {
					t.Errorf("%+v", r)
				}
			}
		})
		for _, o := range r.Outcomes {
			switch {
			case o.Code == "":
				moved++
			case o.Code == supervisor.Cancelled && strings.Contains(o.Text, undo):
				not++
			default:
				t.Errorf("%s: %+v", word, o)
			}
		}
		return moved, not
	}
	if _, not := undone(two, "expel", "noblock"); not == 0 { // all guests of these supervisors have one number
		t.Error("an expel that was undone went on")
	}
	moved, not := undone(one, "bring", "nolstay")
	if moved == 0 || moved > movesAtOnce || moved+not != count || one.away() != not {
		t.Errorf("a bring that was undone: %d moved, %d not, %d are away", moved, not, one.away())
	}
}

func TestWhoMayAdminister(t *testing.T) {
	one, _ := twoNodes(t, nil)
	user := control.Caller{UID: 12345}
	if r := one.request(t.Context(), user, control.Request{Verb: control.Admin, Word: "block"}, func(control.Progress) {}); r.Code != control.NotPermitted {
		t.Errorf("%+v", r)
	}
	if r := one.request(t.Context(), user, control.Request{Verb: control.Admin, Word: "show", To: 2}, func(control.Progress) {}); r.Code != "" || r.Settings == nil {
		t.Errorf("%+v", r)
	}
	for want, q := range map[supervisor.Code]control.Request{
		control.BadRequest:     {Word: "dance"},
		supervisor.UnknownNode: {Word: "block", To: 77},
		supervisor.Unreachable: {Word: "block", To: 3},
	} {
		q.Verb = control.Admin
		if r := one.ask(t, q); r.Code != want {
			t.Errorf("%+v: %+v", q, r)
		}
	}
	if r := one.admin(t, 2, "setspeed"); r.Code != control.BadRequest {
		t.Errorf("%+v", r)
	}
	if r := one.admin(t, 2, "setspeed", -4); r.Code != control.BadRequest || !strings.Contains(r.Text, "node 2: speed -4") {
		t.Errorf("%+v", r)
	}
}

func TestFiguresAndQuiet(t *testing.T) {
	one, two := twoNodes(t, nil)
	two.admin(t, 0, "setspeed", 4711)
	two.admin(t, 0, "nomfs")
	figures := func(to int) control.Node {
		r := one.ask(t, control.Request{Verb: control.Nodes, To: to})
		if len(r.Nodes) != 1 {
			t.Fatalf("%+v", r)
		}
		return r.Nodes[0]
	}
	if n := figures(2); !n.Up || n.Speed != 4711 || !n.NoMFS || n.Quiet || n.MemAvailable == 0 || n.AskMicros == 0 {
		t.Errorf("%+v", n)
	}
	two.admin(t, 0, "quiet")
	if n := figures(2); !n.Quiet || n.Load != 0 || n.Utilisation != 0 {
		t.Errorf("%+v", n)
	}
	if n := figures(1); !n.Self || n.CPUs == 0 {
		t.Errorf("%+v", n)
	}
	if n := figures(3); n.Up || n.Text == "" {
		t.Errorf("%+v", n)
	}
}

func TestSettingsOutliveTheDaemon(t *testing.T) {
	one, _ := twoNodes(t, nil)
	one.admin(t, 0, "setyard", 123)
	text, err := os.ReadFile(one.config.StateDir + "/settings.json")
	if err != nil || !strings.Contains(string(text), `"yard": 123`) || strings.Contains(string(text), "block") {
		t.Errorf("%s, %v", text, err)
	}
}

// Who can keep nothing, as his disk is full or has failed, can be blocked and emptied all the same, and it is told.
func TestBlockedWithoutADisk(t *testing.T) {
	one, two := twoNodes(t, nil)
	if err := os.MkdirAll(two.config.StateDir+"/settings.json/in the way", 0o700); err != nil {
		t.Fatal(err)
	}
	r := one.ask(t, control.Request{Verb: control.Admin, Word: wordExpel, To: 2})
	if r.Code != "" || r.Settings == nil || !r.Settings.Block || !two.settings.Now().Block || !strings.Contains(r.Unkept, "until the daemon of node 2 ends") {
		t.Errorf("%+v", r)
	}
}
