package tracee

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"openmosix/internal/model/image"
)

// Several streams carry each page once, also those that come while others send already.
func TestSpread(t *testing.T) {
	const pages = 40 * chunk / image.PageSize
	space, want, all := ownPages(t, pages)
	got := make([]byte, len(want))
	var mu sync.Mutex
	joins := make(chan Stream, 3)
	carried := make([]int, 5)
	var stream func(int) Stream
	stream = func(n int) Stream {
		return Stream{Emit: func(_ uint8, parts ...[]byte) error {
			mu.Lock()
			defer mu.Unlock()
			off := le.Uint64(parts[0]) - all.Start
			for i, b := range parts[1] {
				got[off+uint64(i)] += b // twice is not once
			}
			if carried[n]++; n == 0 && carried[n] == 3 {
				for more := 2; more < len(carried); more++ {
					joins <- stream(more)
				}
			}
			return nil
		}}
	}
	s := newSpread(space)
	sent, err := s.run([]image.Range{all}, []Stream{stream(0), stream(1)}, func(e Emit) Emit { return e }, joins)
	if err != nil || sent != all.Len() || string(got) != string(want) {
		t.Errorf("%d of %d bytes, %v", sent, all.Len(), err)
	}
	if len(s.streams) != len(carried) {
		t.Errorf("%d streams, not %d", len(s.streams), len(carried))
	}
}

// What must not wait goes by one that is to be relieved: it carries pages until another has come, and none in
// the next round.
func TestSpreadRelievesTheFirst(t *testing.T) {
	space, _, all := ownPages(t, 40*chunk/image.PageSize)
	joins := make(chan Stream, 1)
	var link, other atomic.Int32
	begun := make(chan struct{})
	beside := Stream{Emit: func(uint8, ...[]byte) error {
		if other.Add(1) == 1 {
			close(begun)
		}
		return nil
	}}
	first := Stream{Relieved: true, Emit: func(uint8, ...[]byte) error {
		if link.Add(1) == 3 {
			joins <- beside
			<-begun
		}
		return nil
	}}
	s := newSpread(space)
	sent, err := s.run([]image.Range{all}, []Stream{first}, func(e Emit) Emit { return e }, joins)
	if err != nil || sent != all.Len() || link.Load() != 3 || other.Load() != 37 {
		t.Fatalf("%d bytes by %d and %d frames, %v", sent, link.Load(), other.Load(), err)
	}
	if _, err := newSpread(space).run([]image.Range{all}, s.streams, func(e Emit) Emit { return e }, nil); err != nil {
		t.Fatal(err)
	}
	if more := link.Load() - 3; more > 1 { // until the other has joined
		t.Errorf("%d more in the next round", more)
	}
	if n := carrying(s.streams); n != 1 {
		t.Errorf("%d carry", n)
	}
}

// A stream that breaks ends the round, whatever the others do.
func TestSpreadEndsWithAnError(t *testing.T) {
	space, _, all := ownPages(t, 40*chunk/image.PageSize)
	broken, goOn := errors.New("broken"), make(chan struct{})
	streams := []Stream{
		{Emit: func(uint8, ...[]byte) error { <-goOn; return nil }},
		{Emit: func(uint8, ...[]byte) error { defer close(goOn); return broken }},
	}
	sent, err := newSpread(space).run([]image.Range{all}, streams, func(e Emit) Emit { return e }, nil)
	if !errors.Is(err, broken) || sent == all.Len() {
		t.Errorf("%d bytes, %v", sent, err)
	}
}
