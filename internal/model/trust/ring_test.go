package trust

import (
	"bytes"
	"crypto/rand"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRotation(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	before, after := newKey(t), newKey(t)
	ring, err := RingOf(before).Rotate(after, now, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at       time.Duration
		signing  Key
		accepted int
	}{
		{0, before, 2},
		{12*time.Hour - 1, before, 2},
		{12 * time.Hour, after, 2},
		{24 * time.Hour, after, 1},
	} {
		at := now.Add(c.at)
		got, err := ring.Signing(at)
		if err != nil || got != c.signing || len(ring.Accepted(at)) != c.accepted {
			t.Errorf("at %v: signing right %v, %d accepted, %v", c.at, got == c.signing, len(ring.Accepted(at)), err)
		}
	}
	again, err := ParseRing(ring.Encode())
	if err != nil || !reflect.DeepEqual(again, ring) {
		t.Errorf("round trip: %v", err)
	}
	if _, err := ring.Rotate(newKey(t), now.Add(time.Hour), 24*time.Hour); err == nil {
		t.Error("a rotation began while another had not reached its half")
	}
	if _, err := ring.Rotate(newKey(t), now, time.Minute); err == nil {
		t.Error("too short an overlap was accepted")
	}
	done, err := ring.Rotate(newKey(t), now.Add(25*time.Hour), 24*time.Hour)
	if err != nil || len(done) != 2 {
		t.Errorf("the ended key is kept: %d keys, %v", len(done), err)
	}
}

// A node whose clock has lost the year takes part, with the key that the others accept now, or will soon: before a
// rotation, while one goes on, after it, and when the old key has been taken out of the file.
func TestClocksThatAreWrong(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	before, after, last := newKey(t), newKey(t), newKey(t)
	rotate := func(r Ring, next Key, at time.Time) Ring {
		t.Helper()
		r, err := r.Rotate(next, at, 24*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	once := rotate(RingOf(before), after, now)
	long, year := now.Add(90*24*time.Hour), 365*24*time.Hour
	for what, c := range map[string]struct {
		ring Ring
		here time.Time // by the clock that is wrong
		at   []time.Time
	}{
		"one key, 1970":          {RingOf(before), time.Unix(100, 0), []time.Time{now}},
		"one key, 2199":          {RingOf(before), now.Add(150 * year), []time.Time{now}},
		"a rotation, 1970":       {once, time.Unix(100, 0), []time.Time{now, now.Add(13 * time.Hour), now.Add(25 * time.Hour), now.Add(year)}},
		"after a rotation, 2199": {once, now.Add(150 * year), []time.Time{now.Add(13 * time.Hour), now.Add(year)}},
		"the second, 1970":       {rotate(once, last, long), time.Unix(100, 0), []time.Time{long, long.Add(13 * time.Hour), long.Add(year)}},
		"taken out, 1970":        {Ring{{Key: after, From: now}}, time.Unix(100, 0), []time.Time{now}},
	} {
		key, err := c.ring.Signing(c.here)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		for _, at := range c.at {
			if !slices.Contains(c.ring.Accepted(at), key) {
				t.Errorf("%s: at %v the others do not accept what it proves itself with", what, at)
			}
			if others, err := c.ring.Signing(at); err != nil || !slices.Contains(c.ring.Accepted(c.here), others) {
				t.Errorf("%s: at %v it does not accept what the others prove themselves with: %v", what, at, err)
			}
		}
	}
}

// During the overlap a node with the whole ring and one that signs with either
// key believe each other.
func TestCircleBelievesBothKeys(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	before, after := newKey(t), newKey(t)
	ring, err := RingOf(before).Rotate(after, now, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	circle := func(r Ring) *Circle {
		c, err := NewCircle(r)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	issue := func(c *Circle, at time.Time) Leaf {
		leaf, err := c.Issue(Name{1, Daemon}, at, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return leaf
	}
	both, onlyNew := circle(ring), circle(RingOf(after))
	early, late := issue(both, now), issue(both, now.Add(13*time.Hour))
	if _, err := Verify(late.Authority, early.Certificate); err != nil {
		t.Errorf("old key after the half: %v", err)
	}
	if _, err := Verify(early.Authority, late.Certificate); err != nil {
		t.Errorf("new key by one that has not switched: %v", err)
	}
	ended := issue(both, now.Add(24*time.Hour))
	if _, err := Verify(ended.Authority, issue(circle(RingOf(before)), now.Add(24*time.Hour)).Certificate); !errors.Is(err, ErrStranger) {
		t.Errorf("old key after the end: %v", err)
	}
	if at := []string{both.Keys(now), both.Keys(now.Add(13 * time.Hour)), both.Keys(now.Add(25 * time.Hour))}; at[0] == at[1] || at[1] == at[2] || at[0] != both.Keys(now.Add(time.Hour)) {
		t.Errorf("what is used and accepted is called %q", at)
	}
	if g := both.Gossip(now); len(g) != 2 || g[0].Key != before.Gossip() || len(onlyNew.Beacon(now)) != 1 {
		t.Error("packet secrets do not follow the ring")
	}
}

func TestParseRingRefuses(t *testing.T) {
	one := strings.TrimSpace(string(newKey(t).Encode()))
	for name, text := range map[string]string{
		"empty":     "# nothing\n\n",
		"twice":     one + "\n" + one,
		"bad time":  one + " from=tomorrow",
		"bad word":  one + " since=2026-01-02T15:04:05Z",
		"two froms": one + " from=2026-01-02T15:04:05Z from=2026-01-02T15:04:05Z",
		"one word":  "openmosix-key-1",
		"too many":  strings.Repeat(string(newKey(t).Encode()), 1) + string(newKey(t).Encode()) + string(newKey(t).Encode()) + string(newKey(t).Encode()) + string(newKey(t).Encode()),
	} {
		if _, err := ParseRing([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if r, err := ParseRing([]byte("# ours\n" + one + "\n")); err != nil || len(r) != 1 {
		t.Errorf("%v", err)
	}
}

func FuzzParseRing(f *testing.F) {
	f.Add(RingOf(newKey(f)).Encode())
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ParseRing(text)
		if err != nil {
			return
		}
		if again, err := ParseRing(r.Encode()); err != nil || !bytes.Equal(again.Encode(), r.Encode()) {
			t.Fatalf("accepted ring does not survive a round trip: %v", err)
		}
	})
}
