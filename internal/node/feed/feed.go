// Package feed keeps the last so many of something and lets any number of
// readers follow. Nobody who puts ever waits: a reader has no queue of its own,
// only a place in the common ring, and one that is overtaken is told by how much.
//
// It does not know what it keeps. Its lock guards the ring and is held for a
// copy of one entry; a Reader belongs to one goroutine.
package feed

import (
	"context"
	"sync"
)

// Feed numbers what is put from 1.
type Feed[T any] struct {
	mu      sync.Mutex
	ring    []T
	next    uint64        // number of the one that is put next
	changed chan struct{} // closed when there is more
}

// New makes a feed that keeps size entries.
func New[T any](size int) *Feed[T] {
	return &Feed[T]{ring: make([]T, size), next: 1, changed: make(chan struct{})}
}

// Put adds what entry makes of its number. The lock is held meanwhile, so that
// the order is that of the numbers.
func (f *Feed[T]) Put(entry func(number uint64) T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ring[f.next%uint64(len(f.ring))] = entry(f.next)
	f.next++
	close(f.changed)
	f.changed = make(chan struct{})
}

// first is the oldest number that is kept. Precondition: mu is held.
func (f *Feed[T]) first() uint64 {
	return f.next - min(f.next-1, uint64(len(f.ring)))
}

// After reads what comes after a number. One that was never given away means
// from now on.
func (f *Feed[T]) After(number uint64) *Reader[T] {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &Reader[T]{feed: f, at: min(number, f.next-1) + 1}
}

// FromNow reads what is put from now on.
func (f *Feed[T]) FromNow() *Reader[T] { return f.After(^uint64(0)) }

// From reads from the oldest entry on that is kept and suits.
func (f *Feed[T]) From(suits func(T) bool) *Reader[T] {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := f.first()
	for at < f.next && !suits(f.ring[at%uint64(len(f.ring))]) {
		at++
	}
	return &Reader[T]{feed: f, at: at}
}

// Reader is a place in a feed.
type Reader[T any] struct {
	feed *Feed[T]
	at   uint64 // number of the entry that is read next
}

// Next waits for the next entry. missed is not 0 when entries were overwritten
// before they were read: then there is no entry, and the next call goes on after
// them. An error is that of ctx.
func (r *Reader[T]) Next(ctx context.Context) (entry T, missed uint64, err error) {
	f := r.feed
	for {
		f.mu.Lock()
		if first := f.first(); r.at < first {
			missed, r.at = first-r.at, first
			f.mu.Unlock()
			return entry, missed, nil
		}
		if r.at < f.next {
			entry = f.ring[r.at%uint64(len(f.ring))]
			r.at++
			f.mu.Unlock()
			return entry, 0, nil
		}
		changed := f.changed
		f.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return entry, 0, context.Cause(ctx)
		}
	}
}
