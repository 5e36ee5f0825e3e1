package transport

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// A backlog is what was added, less what was dropped, in pieces of whatever size.
func TestBacklog(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b backlog
		var want []byte
		next := byte(0)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				p := make([]byte, rapid.OneOf(rapid.IntRange(0, 300), rapid.IntRange(0, 2*mostPiece)).Draw(t, "n"))
				for i := range p {
					p[i] = next
					next++
				}
				b.add(p)
				want = append(want, p...)
			},
			"drop": func(t *rapid.T) {
				n := rapid.IntRange(0, len(want)).Draw(t, "n")
				b.drop(n)
				want = want[n:]
			},
			"": func(t *rapid.T) {
				if b.n != len(want) || !bytes.Equal(b.bytes(), want) {
					t.Fatalf("%d bytes, not the %d that are to be there", b.n, len(want))
				}
			},
		})
	})
}

// Questions and answers take one piece again and again; what much has needed is not kept.
func TestBacklogMemory(t *testing.T) {
	for _, n := range []int{120, 4109, 64<<10 + 21} {
		var b backlog
		answer := make([]byte, n)
		turn := func() { b.add(answer[:13], answer); b.drop(b.n) }
		for range 4 {
			turn()
		}
		if allocs := testing.AllocsPerRun(100, turn); allocs != 0 {
			t.Errorf("%v allocations for each answer of %d bytes", allocs, n)
		}
	}
	var b backlog
	for range 100 {
		b.add(make([]byte, mostPiece))
		b.drop(min(b.n, mostPiece-1))
	}
	b.drop(b.n)
	if len(b.pieces) > 1 || len(b.spare) > 0 {
		t.Errorf("%d and %d pieces are kept of nothing", len(b.pieces), len(b.spare))
	}
}
