package transport

// backlog is a row of bytes that grows at its end and is let go of at its beginning. One that
// becomes empty again and again, as where questions and answers take turns, stays in one piece of memory.
type backlog struct {
	pieces [][]byte
	off    int // of the first piece, what has been let go
	n      int
	spare  [][]byte // for pieces to come, until it is empty
}

const (
	// leastPiece and mostPiece are the memory it takes at once, by what is added.
	leastPiece = 4 << 10
	mostPiece  = 256 << 10
	// keptPiece is how large the one may be that stays: what one question or answer needs as a rule.
	keptPiece = 128 << 10
	// sparePieces is how many of the largest are kept while much comes and goes.
	sparePieces = 8
)

// add puts bytes at the end, and those of parts.
func (b *backlog) add(head []byte, parts ...[]byte) {
	n := len(head)
	for _, p := range parts {
		n += len(p)
	}
	if b.n == 0 && n > 0 && (len(b.pieces) == 0 || cap(b.pieces[0]) < n) {
		b.pieces = append(b.pieces[:0], b.piece(n))
	}
	b.n += n
	left := b.put(head, n)
	for _, p := range parts {
		left = b.put(p, left)
	}
}

// put is add of some of n bytes; the result is how many are left of these. Precondition: there
// is a piece, if n is not 0.
func (b *backlog) put(p []byte, n int) int {
	for len(p) > 0 {
		last := len(b.pieces) - 1
		to := b.pieces[last]
		if len(to) == cap(to) {
			b.pieces = append(b.pieces, b.piece(n))
			continue
		}
		fits := min(len(p), cap(to)-len(to))
		b.pieces[last] = append(to, p[:fits]...)
		p, n = p[fits:], n-fits
	}
	return n
}

// piece is memory for n bytes that come next, or for the first of them.
func (b *backlog) piece(n int) []byte {
	if last := len(b.spare) - 1; last >= 0 {
		p := b.spare[last]
		b.spare = b.spare[:last]
		return p
	}
	size := leastPiece
	for size < n && size < mostPiece {
		size *= 2
	}
	return make([]byte, 0, size)
}

// drop lets go of the first n bytes. Precondition: there are as many.
func (b *backlog) drop(n int) {
	b.n -= n
	if b.n == 0 {
		b.empty()
		return
	}
	b.off += n
	gone := 0
	for b.off >= len(b.pieces[gone]) {
		b.off -= len(b.pieces[gone])
		if len(b.spare) < sparePieces && cap(b.pieces[gone]) == mostPiece {
			b.spare = append(b.spare, b.pieces[gone][:0])
		}
		gone++
	}
	b.pieces = append(b.pieces[:0], b.pieces[gone:]...)
}

// empty lets go of all, and of all memory but for one piece.
func (b *backlog) empty() {
	var kept []byte
	for _, p := range b.pieces {
		if cap(p) > cap(kept) && cap(p) <= keptPiece {
			kept = p
		}
	}
	list := b.pieces[:0]
	clear(b.pieces)
	*b = backlog{}
	if kept != nil {
		b.pieces = append(list, kept[:0])
	}
}

// bytes is a copy of all.
func (b *backlog) bytes() []byte {
	all := make([]byte, 0, b.n)
	off := b.off
	for _, p := range b.pieces {
		all = append(all, p[off:]...)
		off = 0
	}
	return all
}
