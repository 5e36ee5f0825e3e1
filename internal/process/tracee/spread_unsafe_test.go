package tracee

import (
	"errors"
	"sync"
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
