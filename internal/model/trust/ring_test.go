package trust

import (
	"bytes"
	"crypto/rand"
	"errors"
	"reflect"
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
		next     time.Duration
	}{
		{0, before, 2, 12 * time.Hour},
		{12*time.Hour - 1, before, 2, 12 * time.Hour},
		{12 * time.Hour, after, 2, 24 * time.Hour},
		{24 * time.Hour, after, 1, 0},
	} {
		at := now.Add(c.at)
		got, err := ring.Signing(at)
		if err != nil || got != c.signing || len(ring.Accepted(at)) != c.accepted {
			t.Errorf("at %v: signing right %v, %d accepted, %v", c.at, got == c.signing, len(ring.Accepted(at)), err)
		}
		if next := ring.NextChange(at); c.next != 0 && !next.Equal(now.Add(c.next)) || c.next == 0 && !next.IsZero() {
			t.Errorf("at %v: next change %v", c.at, next)
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
	if _, err := Verify(late.Authority, early.Certificate, now.Add(13*time.Hour)); err != nil {
		t.Errorf("old key after the half: %v", err)
	}
	if _, err := Verify(early.Authority, late.Certificate, now.Add(13*time.Hour)); err != nil {
		t.Errorf("new key by one that has not switched: %v", err)
	}
	ended := issue(both, now.Add(24*time.Hour))
	if _, err := Verify(ended.Authority, issue(circle(RingOf(before)), now.Add(24*time.Hour)).Certificate, now.Add(24*time.Hour)); !errors.Is(err, ErrStranger) {
		t.Errorf("old key after the end: %v", err)
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
