package trust

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// maxHeld bounds the keys of one file: the old one, the new one, and room for
// a rotation that follows before the first has ended.
const maxHeld = 4

// MinOverlap is the shortest time in which two keys are accepted: clocks may
// differ by an hour, and every node must have got the file by its half.
const (
	MinOverlap = 4 * clockSkew
	clockSkew  = time.Hour
)

// Held is a cluster key with its time.
type Held struct {
	Key   Key
	From  time.Time // it is used from then on; it is accepted at once. Zero: always
	Until time.Time // it is refused from then on. Zero: never
}

// Ring is what a key file holds: one key, and during a rotation two or more.
//
//	          file is copied            half            end
//	old key   used ─────────────────────┤ accepted ─────┤ refused
//	new key   accepted ─────────────────┤ used ──────────────────►
//
// So one file, copied once to every node before the half, takes a cluster
// from one key to the next without a moment in which two nodes disagree.
type Ring []Held

// RingOf is a ring of one key.
func RingOf(k Key) Ring { return Ring{{Key: k}} }

// Signing is the key a node proves itself with. One whose clock says that the
// file has not been made yet takes the newest: its clock is wrong, and that key
// is accepted from the first moment on, and longest.
func (r Ring) Signing(now time.Time) (Key, error) {
	if newest, ok := r.newest(); ok && now.Before(r.made(newest).Add(-clockSkew)) {
		return newest.Key, nil
	}
	best := -1
	for i, h := range r {
		if h.expired(now) || now.Before(h.From) {
			continue
		}
		if best < 0 || h.From.After(r[best].From) {
			best = i
		}
	}
	if best < 0 {
		return Key{}, errors.New("no key of the cluster key file is valid now: compare this node's clock with the others', or copy a newer file")
	}
	return r[best].Key, nil
}

// newest is the key that is used from the latest moment on, if any begins at all.
func (r Ring) newest() (newest Held, ok bool) {
	for _, h := range r {
		if h.From.After(newest.From) {
			newest, ok = h, true
		}
	}
	return newest, ok
}

// made is when the file was made in which a key is new: as long before its use
// as the older ones are accepted after that. Once they have been taken out it
// is not known, and the key is as good as one that always was.
func (r Ring) made(newest Held) time.Time {
	made := newest.From
	for _, h := range r {
		if h.Until.After(newest.From) && h.From.Before(newest.From) {
			if at := newest.From.Add(-h.Until.Sub(newest.From)); at.Before(made) {
				made = at
			}
		}
	}
	return made
}

// Accepted are the keys a node believes others with.
func (r Ring) Accepted(now time.Time) []Key {
	var keys []Key
	for _, h := range r {
		if !h.expired(now) {
			keys = append(keys, h.Key)
		}
	}
	return keys
}

// Rotate gives the ring that goes over to next: half of overlap from now it is
// used, at the end of overlap the older ones are refused.
func (r Ring) Rotate(next Key, now time.Time, overlap time.Duration) (Ring, error) {
	if overlap < MinOverlap {
		return nil, fmt.Errorf("an overlap of %v is too short: clocks may differ by %v; use %v or more", overlap, clockSkew, MinOverlap)
	}
	if _, err := r.Signing(now); err != nil {
		return nil, err
	}
	now = now.UTC().Truncate(time.Second)
	var out Ring
	for _, h := range r {
		if h.expired(now) {
			continue
		}
		if h.From.After(now) {
			return nil, fmt.Errorf("a rotation is under way: its key is used from %s; wait for that", h.From.Format(time.RFC3339))
		}
		if end := now.Add(overlap); h.Until.IsZero() || h.Until.After(end) {
			h.Until = end
		}
		out = append(out, h)
	}
	return append(out, Held{Key: next, From: now.Add(overlap / 2).Truncate(time.Second)}), nil
}

func (h Held) expired(now time.Time) bool { return !h.Until.IsZero() && !now.Before(h.Until) }

// Encode gives the text of a key file: one line for each key.
func (r Ring) Encode() []byte {
	var b bytes.Buffer
	for _, h := range r {
		b.Write(bytes.TrimSuffix(h.Key.Encode(), []byte("\n")))
		if !h.From.IsZero() {
			b.WriteString(" from=" + h.From.UTC().Format(time.RFC3339))
		}
		if !h.Until.IsZero() {
			b.WriteString(" until=" + h.Until.UTC().Format(time.RFC3339))
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// ParseRing reads the text of a key file. Empty lines and # comments are skipped.
func ParseRing(text []byte) (Ring, error) {
	var r Ring
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if len(r) == maxHeld {
			return nil, fmt.Errorf("more than %d keys in one file", maxHeld)
		}
		h, err := parseHeld(line)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(r, func(other Held) bool { return other.Key == h.Key }) {
			return nil, errors.New("the same key is there twice")
		}
		r = append(r, h)
	}
	if len(r) == 0 {
		return nil, errors.New("no cluster key in it (make one with `openmosix key new`)")
	}
	return r, nil
}

func parseHeld(line string) (Held, error) {
	words := strings.Fields(line)
	if len(words) < 2 {
		_, err := ParseKey([]byte(line))
		return Held{}, err
	}
	key, err := ParseKey([]byte(words[0] + " " + words[1]))
	if err != nil {
		return Held{}, err
	}
	h := Held{Key: key}
	for _, w := range words[2:] {
		name, value, _ := strings.Cut(w, "=")
		at, err := time.Parse(time.RFC3339, value)
		if err != nil || at.IsZero() {
			return Held{}, fmt.Errorf("damaged cluster key: %q is no time as in from=2026-01-02T15:04:05Z", w)
		}
		switch {
		case name == "from" && h.From.IsZero():
			h.From = at.UTC()
		case name == "until" && h.Until.IsZero():
			h.Until = at.UTC()
		default:
			return Held{}, fmt.Errorf("damaged cluster key: %q is not understood", w)
		}
	}
	return h, nil
}
