package feed

import (
	"context"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func number(n uint64) uint64 { return n }

func TestRing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 8).Draw(t, "size")
		f := New[uint64](size)
		early, put := f.FromNow(), uint64(0)
		var heard, missed uint64
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			for range rapid.IntRange(0, 12).Draw(t, "puts") {
				f.Put(number)
				put++
			}
			for range rapid.IntRange(0, 5).Draw(t, "reads") {
				if heard+missed == put {
					break
				}
				n, gap, err := early.Next(context.Background())
				switch {
				case err != nil:
					t.Fatal(err)
				case gap > 0:
					missed += gap
				case n != heard+missed+1:
					t.Fatalf("entry %d comes after %d heard and %d missed", n, heard, missed)
				default:
					heard++
				}
			}
			if put-heard-missed > uint64(size) {
				// As many as are kept can still be had; the others will be told as missed.
				n, gap, _ := f.After(heard + missed).Next(context.Background())
				if gap != put-heard-missed-uint64(size) || n != 0 {
					t.Fatalf("a gap of %d, entry %d", gap, n)
				}
			}
		}
	})
}

func TestPlaces(t *testing.T) {
	f := New[uint64](4)
	for range 6 {
		f.Put(number)
	}
	for name, c := range map[string]struct {
		r      *Reader[uint64]
		n, gap uint64
	}{
		"all that is kept": {f.From(func(uint64) bool { return true }), 3, 0},
		"some":             {f.From(func(n uint64) bool { return n >= 5 }), 5, 0},
		"after one":        {f.After(4), 5, 0},
		"after a lost one": {f.After(1), 0, 1},
	} {
		if n, gap, err := c.r.Next(t.Context()); n != c.n || gap != c.gap || err != nil {
			t.Errorf("%s: entry %d, gap %d, %v", name, n, gap, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, r := range map[string]*Reader[uint64]{"now": f.FromNow(), "none suits": f.From(func(uint64) bool { return false }), "of another run": f.After(99)} {
		if n, gap, err := r.Next(ctx); err == nil {
			t.Errorf("%s: entry %d, gap %d", name, n, gap)
		}
	}
}

// TestASlowReaderHoldsNobodyUp: readers that do not read cost a writer nothing.
func TestASlowReaderHoldsNobodyUp(t *testing.T) {
	f := New[uint64](16)
	slow := f.FromNow()
	const writers, each = 4, 2000
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for range each {
				f.Put(number)
			}
		})
	}
	counted := make(chan uint64)
	go func() {
		r, total := f.After(0), uint64(0)
		for total < writers*each {
			_, gap, err := r.Next(context.Background())
			if err != nil {
				break
			}
			if total += gap; gap == 0 {
				total++
			}
		}
		counted <- total
	}()
	group.Wait()
	if n := <-counted; n != writers*each {
		t.Errorf("a reader was told of %d, heard and missed", n)
	}
	if _, gap, _ := slow.Next(t.Context()); gap != writers*each-16 {
		t.Errorf("the slow one has missed %d", gap)
	}
	for want := uint64(writers*each - 15); want <= writers*each; want++ {
		if n, gap, _ := slow.Next(t.Context()); n != want || gap != 0 {
			t.Fatalf("then comes %d (%d missed), want %d", n, gap, want)
		}
	}
}
