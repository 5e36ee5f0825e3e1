package roster

import (
	"reflect"
	"testing"
	"time"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func TestComeAndGo(t *testing.T) {
	r := New(1, "one", "a:1")
	r.Configure([]Node{{Number: 2, Address: "b:1"}, {Number: 3, Name: "three", Address: "c:1"}})
	if twin, news := r.CameUp(2, "two", "b:2", now); twin != "" || !news {
		t.Error(twin, news)
	}
	if _, news := r.CameUp(2, "two", "b:2", now); news {
		t.Error("nothing new is news")
	}
	r.CameUp(4, "four", "d:1", now)
	r.WentDown(4, "d:1", false, now)
	r.CameUp(5, "five", "e:1", now)
	r.WentDown(5, "e:1", true, now)
	r.WentDown(6, "f:1", false, now)
	want := []Node{
		{1, "one", "a:1", Up, nil},
		{2, "two", "b:2", Up, nil},
		{3, "three", "c:1", Unheard, nil},
		{4, "four", "d:1", Down, nil},
	}
	if got := r.List(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	r.WentDown(2, "b:2", true, now)
	if n, ok := r.Lookup(2); !ok || n.State != Unheard || n.Address != "b:1" {
		t.Errorf("configured node that left: %+v", n)
	}
	if _, ok := r.Lookup(5); ok {
		t.Error("a node that left is known")
	}
}

// A node that comes again and again, and is never there for long, is told apart
// from one that has died.
func TestANodeThatFlaps(t *testing.T) {
	r := New(1, "one", "a:1")
	at := now
	for i, c := range []struct {
		up   time.Duration
		left bool
		want bool
	}{{time.Hour, false, false}, {6 * time.Second, false, false}, {6 * time.Second, false, true}, {6 * time.Second, false, true}, {time.Hour, false, false},
		{time.Second, false, false}, {time.Second, true, false}, {time.Second, false, false}} {
		r.CameUp(2, "two", "b:1", at)
		at = at.Add(c.up)
		if got := r.WentDown(2, "b:1", c.left, at); got != c.want {
			t.Errorf("time %d: flaps %v", i, got)
		}
		if got := r.WentDown(2, "b:1", false, at); got {
			t.Errorf("time %d: it went down twice and flaps", i)
		}
		at = at.Add(10 * time.Second)
	}
}

func TestTwins(t *testing.T) {
	r := New(1, "one", "a:1")
	if twin, _ := r.CameUp(1, "thief", "x:1", now); twin != "a:1" {
		t.Errorf("own number taken: %q", twin)
	}
	r.CameUp(2, "two", "b:1", now)
	if twin, news := r.CameUp(2, "two", "c:1", now); twin != "b:1" || !news {
		t.Errorf("%q %v", twin, news)
	}
	if n, _ := r.Lookup(2); n.Address != "b:1" || !reflect.DeepEqual(n.Twins, []string{"c:1"}) {
		t.Errorf("%+v", n)
	}
	r.WentDown(2, "b:1", false, now)
	if n, _ := r.Lookup(2); n.Address != "c:1" || n.State != Up || n.Twins != nil {
		t.Errorf("the other takes over: %+v", n)
	}
}

func TestANodeThatMovedIsNoTwin(t *testing.T) {
	r := New(1, "one", "a:1")
	r.CameUp(2, "two", "b:1", now)
	r.WentDown(2, "b:1", false, now)
	if twin, _ := r.CameUp(2, "two", "c:1", now); twin != "" {
		t.Errorf("twin %q", twin)
	}
	if n, _ := r.Lookup(2); n.Address != "c:1" || n.Twins != nil {
		t.Errorf("%+v", n)
	}
}

func TestTheDeadAreForgotten(t *testing.T) {
	r := New(1, "one", "a:1")
	for i := range 3 * maxDown {
		at := now.Add(time.Duration(i) * time.Second)
		r.CameUp(i+2, "", "x:1", at)
		r.WentDown(i+2, "x:1", false, at)
	}
	if got := len(r.List()); got > maxDown+1 {
		t.Errorf("%d nodes are remembered", got)
	}
	r.CameUp(60000, "", "y:1", now)
	r.WentDown(60000, "y:1", false, now.Add(48*time.Hour))
	if got := len(r.List()); got != 2 {
		t.Errorf("%d nodes are remembered for two days", got)
	}
}
