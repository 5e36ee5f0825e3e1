package seal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"time"
)

var (
	now   = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ours  = Secret{ID: [4]byte{1}, Key: [32]byte{1}}
	next  = Secret{ID: [4]byte{2}, Key: [32]byte{2}}
	other = Secret{ID: [4]byte{3}, Key: [32]byte{3}}
)

func TestEachPacketOpensOnce(t *testing.T) {
	s, o := NewSealer(Salt{9}), &Opener{}
	var packets [][]byte
	for i := range 100 {
		packets = append(packets, s.Seal(ours, now, []byte{byte(i)}))
	}
	for _, i := range []int{0, 3, 2, 1, 99, 98, 40} {
		got, salt, err := o.Open([]Secret{next, ours}, now, packets[i])
		if err != nil || !bytes.Equal(got, []byte{byte(i)}) || salt != (Salt{9}) {
			t.Fatalf("packet %d: %v %v", i, got, err)
		}
		if _, _, err := o.Open([]Secret{ours}, now, packets[i]); !errors.Is(err, ErrReplayed) {
			t.Errorf("packet %d again: %v", i, err)
		}
	}
	// Too far behind to be known.
	if _, _, err := o.Open([]Secret{ours}, now, packets[10]); !errors.Is(err, ErrReplayed) {
		t.Errorf("far behind: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	good := NewSealer(Salt{1}).Seal(ours, now, []byte("hello"))
	spoilt := func(at int) []byte {
		b := bytes.Clone(good)
		b[at] ^= 1
		return b
	}
	for name, c := range map[string]struct {
		packet []byte
		at     time.Time
		want   error
	}{
		"empty":         {nil, now, ErrGarbage},
		"short":         {good[:Overhead-1], now, ErrGarbage},
		"magic":         {spoilt(0), now, ErrGarbage},
		"other cluster": {NewSealer(Salt{1}).Seal(other, now, nil), now, ErrOtherKey},
		"salt":          {spoilt(saltAt), now, ErrForged},
		"counter":       {spoilt(counterAt), now, ErrForged},
		"time":          {spoilt(timeAt + 7), now, ErrForged},
		"payload":       {spoilt(headerSize), now, ErrForged},
		"cut":           {good[:len(good)-1], now, ErrForged},
		"old":           {good, now.Add(MaxSkew + time.Second), ErrStale},
		"of the future": {good, now.Add(-MaxSkew - time.Second), ErrStale},
		"skewed":        {good, now.Add(MaxSkew - time.Minute), nil},
	} {
		o := &Opener{}
		if _, _, err := o.Open([]Secret{ours}, c.at, c.packet); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		} else if c.want != nil && len(o.senders) != 0 {
			t.Errorf("%s: a stranger is remembered", name)
		}
	}
}

// The clock of a sender that is known to run may be wrong; a packet of it is good once all the same.
func TestASenderThatIsKnown(t *testing.T) {
	s := NewSealer(Salt{1})
	var aheads []time.Duration
	o := &Opener{Runs: func(sender Salt, ahead time.Duration) bool {
		aheads = append(aheads, ahead)
		return sender == Salt{1}
	}}
	const years = 50 * 365 * 24 * time.Hour
	packet := s.Seal(ours, now.Add(-years), []byte("hello"))
	if got, _, err := o.Open([]Secret{ours}, now, packet); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
	if _, _, err := o.Open([]Secret{ours}, now, packet); !errors.Is(err, ErrReplayed) {
		t.Errorf("again: %v", err)
	}
	if _, _, err := o.Open([]Secret{ours}, now, NewSealer(Salt{2}).Seal(ours, now.Add(years), nil)); !errors.Is(err, ErrStale) {
		t.Errorf("another: %v", err)
	}
	if !slices.Equal(aheads, []time.Duration{-years, -years, years}) {
		t.Errorf("they are ahead by %v", aheads)
	}
	if _, _, err := o.Open([]Secret{ours}, now, s.Seal(ours, now, nil)); err != nil || len(aheads) != 3 {
		t.Errorf("when its clock has been set: %v", err)
	}
}

func TestSendersAreBounded(t *testing.T) {
	o := &Opener{}
	for i := range maxSenders + 10 {
		var salt Salt
		binary.BigEndian.PutUint32(salt[:], uint32(i))
		if _, _, err := o.Open([]Secret{ours}, now, NewSealer(salt).Seal(ours, now.Add(time.Duration(i)*time.Millisecond), nil)); err != nil {
			t.Fatal(err)
		}
	}
	if len(o.senders) != maxSenders {
		t.Errorf("%d senders are remembered", len(o.senders))
	}
}

func FuzzOpen(f *testing.F) {
	good := NewSealer(Salt{1}).Seal(ours, now, []byte("hello"))
	f.Add(good)
	f.Fuzz(func(t *testing.T, packet []byte) {
		if _, _, err := new(Opener).Open([]Secret{ours, next}, now, packet); err == nil && !bytes.Equal(packet, good) {
			t.Fatal("a packet nobody sealed was opened")
		}
	})
}
