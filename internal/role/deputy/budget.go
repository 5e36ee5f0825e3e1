package deputy

import "sync"

// budget bounds the bytes that wait somewhere. One that is larger than the budget
// passes when nothing else waits.
type budget struct {
	most int

	mu   sync.Mutex
	room sync.Cond // there is some, or it is over
	used int
	over bool
}

func newBudget(most int) *budget {
	b := &budget{most: most}
	b.room.L = &b.mu
	return b
}

// take waits for room for n bytes, or until it is over.
func (b *budget) take(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.over && b.used > 0 && b.used+n > b.most {
		b.room.Wait()
	}
	b.used += n
}

// give says that n bytes do not wait any more.
func (b *budget) give(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
	b.room.Broadcast()
}

// end lets all through who wait.
func (b *budget) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
	b.room.Broadcast()
}
