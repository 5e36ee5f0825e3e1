package guest

// The kernel does not wait for pages on behalf of a thread that ends.

// maxRobust is how many robust futexes of a thread the kernel looks at: ROBUST_LIST_LIMIT.
const maxRobust = 2048

// touchAtExit has the pages come that the kernel writes to when the thread ends:
// its list of robust futexes. (The address of its id is among what never is missing.)
func (s *strand) touchAtExit() {
	head, ok := robustHead(s.t.TID)
	if !ok || head == 0 {
		return
	}
	m := s.b.memory()
	read := func(at uint64) (uint64, bool) {
		var b [8]byte
		err := m.Read(at, b[:])
		return le.Uint64(b[:]), err == nil
	}
	offset, ok := read(head + 8)
	if !ok {
		return
	}
	if at, ok := read(head + 16); ok && at != 0 { // one that is being taken or given back
		_, _ = read(at&^1 + offset)
	}
	at, ok := read(head)
	for n := 0; ok && n < maxRobust && at&^1 != head; n++ {
		_, _ = read(at&^1 + offset)
		at, ok = read(at &^ 1)
	}
}

// fetched passes on pages that have come. Link reader.
func (g *Guest) fetched(own int, data []byte) {
	b := g.bodyByOwn(own)
	if b == nil {
		return
	}
	if f := b.fetching.Load(); f != nil {
		f.Came(data)
	}
}

// endFetching: the body has ended.
func (b *body) endFetching() {
	if f := b.fetching.Load(); f != nil {
		f.End()
	}
	b.dropHeld()
}
