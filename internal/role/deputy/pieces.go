package deputy

// pieces lends memory for pieces of files on their way out. It keeps little of it, however
// many deputies have read something.
type pieces chan []byte

const piecesKept = 2

func newPieces() pieces { return make(pieces, piecesKept) }

// take lends memory of this size.
func (p pieces) take(bytes int) []byte {
	select {
	case b := <-p:
		if cap(b) >= bytes {
			return b[:bytes]
		}
	default:
	}
	return make([]byte, bytes)
}

// give takes it back.
func (p pieces) give(b []byte) {
	select {
	case p <- b:
	default:
	}
}
