package gossip

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"openmosix/internal/model/load"
)

// text is what a window knows, freshest first: node/sequence@age in seconds.
func text(known []Known) string {
	var words []string
	for _, k := range known {
		words = append(words, fmt.Sprintf("%d/%d@%v", k.Report.Node, k.Report.Sequence, k.Age.Seconds()))
	}
	return strings.Join(words, " ")
}

func entry(node int, sequence uint32, age time.Duration) Known {
	return Known{report(node, sequence), age}
}

func expect(t *testing.T, what string, got []Known, want string) {
	t.Helper()
	if text(got) != want {
		t.Errorf("%s: %q, want %q", what, text(got), want)
	}
}

const second = time.Second

func TestWindow(t *testing.T) {
	w := New(Capacity)
	w.Own(report(1, 9), 100*second)
	if news := w.Hear([]Known{entry(2, 5, 3*second), entry(3, 1, second), entry(4, 1, 59*second), entry(5, 1, 60*second), entry(1, 8, second)}, 100*second); news != 3 {
		t.Errorf("%d were news", news) // too old, and oneself, are none
	}
	expect(t, "at first", w.Others(100*second), "3/1@1 2/5@3 4/1@59")
	w.Hear([]Known{entry(2, 4, 0), entry(3, 1, 0), entry(2, 6, second)}, 100*second)
	expect(t, "only later reports are news", w.Others(100*second), "2/6@1 3/1@1 4/1@59")
	expect(t, "own first", w.Freshest(2, 102*second), "1/9@2 2/6@3")
	expect(t, "the old expires", w.Others(101*second), "2/6@2 3/1@2")
	w.Hear([]Known{entry(3, 2, 50*second)}, 101*second)
	expect(t, "a later report is not older", w.Others(101*second), "3/2@2 2/6@2")
	if k, known := w.Of(3, 103*second); !known || k.Report.Sequence != 2 || k.Age != 4*second {
		t.Errorf("of 3: %+v %v", k, known)
	}
	answer := report(3, 2)
	answer.CPUs = 8
	w.Hear([]Known{{answer, 0}}, 103*second)
	if k, _ := w.Of(3, 103*second); k.Report.CPUs == 8 {
		t.Error("what was told twice is news")
	}
	w.Learn(answer, 103*second)
	if k, _ := w.Of(3, 103*second); k.Report.CPUs != 8 || k.Age != 0 {
		t.Errorf("of 3, asked: %+v", k)
	}
	w.Learn(report(3, 1), 103*second)
	w.Learn(report(1, 10), 103*second)
	expect(t, "an answer that was overtaken, and one's own", w.Others(103*second), "3/2@0 2/6@4")
	w.Forget(3)
	if k, known := w.Of(3, 103*second); known {
		t.Errorf("of 3, forgotten: %+v", k)
	}
	expect(t, "3 forgotten", w.Others(103*second), "2/6@4")
	expect(t, "all expired", w.Others(200*second), "")
}

// A node that is started again counts from the beginning; twins have one number.
func TestInstances(t *testing.T) {
	w := New(Capacity)
	instance := func(i, sequence uint32, age time.Duration) Known {
		e := entry(2, sequence, age)
		e.Report.Instance = i
		return e
	}
	w.Own(report(1, 1), 0)
	w.Hear([]Known{instance(1, 1000, 3*second)}, 10*second)
	w.Hear([]Known{instance(2, 1, second)}, 10*second)
	w.Hear([]Known{instance(1, 999, 0)}, 10*second)
	expect(t, "started again", w.Others(10*second), "2/1@1")
	expect(t, "both are told", w.Freshest(9, 10*second), "1/1@10 2/1@1 2/1000@3")
	for i := range uint32(20) {
		w.Hear([]Known{instance(3+i, 1, 0)}, 20*second+time.Duration(i))
	}
	if n := len(w.Freshest(99, 21*second)); n != 1+maxInstances {
		t.Errorf("%d entries of one number", n)
	}
	w.Forget(2)
	expect(t, "forgotten", w.Freshest(9, 21*second), "1/1@21")
}

func TestCapacity(t *testing.T) {
	w := New(3)
	for i := 1; i <= 5; i++ {
		w.Hear([]Known{entry(i, 1, time.Duration(i)*second)}, 10*second)
	}
	expect(t, "the freshest are kept", w.Others(10*second), "1/1@1 2/1@2 3/1@3")
	w.Hear([]Known{entry(9, 1, 0)}, 10*second)
	expect(t, "the oldest gives way", w.Others(10*second), "9/1@0 1/1@1 2/1@2")
}

func TestMessage(t *testing.T) {
	w := New(Capacity)
	w.Own(report(1, 1), 10*second)
	for i := 2; i < 100; i++ {
		w.Hear([]Known{entry(i, 1, time.Duration(i)*100*time.Millisecond)}, 10*second)
	}
	full := w.Message(1300, 10*second)
	if len(full) != MaxMessage {
		t.Errorf("%d bytes of %d", len(full), MaxMessage)
	}
	short := w.Message(310, 10*second)
	known, err := Decode(short)
	if err != nil || len(short) > 310 {
		t.Fatalf("%d bytes, %v", len(short), err)
	}
	expect(t, "short", known, "1/1@0 2/1@0.2 3/1@0.3 4/1@0.4 5/1@0.5")
	for n := range short {
		if _, err := Decode(short[:n]); err == nil {
			t.Errorf("%d bytes of %d were accepted", n, len(short))
		}
	}
	if w.Message(0, 0) == nil {
		t.Error("no message at all")
	}
	if _, err := Decode([]byte{0, 0}); err == nil {
		t.Error("version 0 is accepted")
	}
	if known, err := Decode(append([]byte{9, 1}, append(Encode([]Known{entry(7, 7, 0)})[2:], 1, 2, 3)...)); err != nil || len(known) != 1 {
		t.Errorf("a later version: %v, %v", known, err)
	}
}

// However it is heard, a window holds of each instance its last report, in the
// order of ages.
func TestOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := New(Capacity)
		last := map[int]uint32{}
		now := time.Duration(0)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now += time.Duration(rapid.IntRange(0, 1000).Draw(t, "pass")) * time.Millisecond
			e := entry(rapid.IntRange(1, 8).Draw(t, "node"), rapid.Uint32Range(1, 5).Draw(t, "sequence"), time.Duration(rapid.IntRange(0, 9000).Draw(t, "age"))*time.Millisecond)
			w.Hear([]Known{e}, now)
			last[e.Report.Node] = max(last[e.Report.Node], e.Report.Sequence)
			got := w.Others(now)
			if !slices.IsSortedFunc(got, func(a, b Known) int { return cmp.Compare(a.Age, b.Age) }) {
				t.Fatalf("not in order: %s", text(got))
			}
		}
		for _, k := range w.Others(now) {
			if k.Report.Sequence != last[k.Report.Node] {
				t.Errorf("node %d: %d, told was %d", k.Report.Node, k.Report.Sequence, last[k.Report.Node])
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(Encode([]Known{entry(1, 2, 3*second), {load.Report{Node: 2, CPUs: 1, Speed: 1}.Hushed(), 0}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		known, err := Decode(b)
		if err != nil {
			return
		}
		w := New(16)
		w.Hear(known, time.Hour)
		if m := w.Message(1300, time.Hour); len(m) > 1300 {
			t.Errorf("%d bytes", len(m))
		}
	})
}
