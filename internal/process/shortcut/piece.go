package shortcut

import "openmosix/internal/process/stub"

// Where a process has the pieces of the file it reads, from the beginning of the stub's region, and how much that takes.
const (
	PieceOff  = stub.PieceOff
	PieceSize = stub.PieceSize
	// MostPiece is the size of the largest piece.
	MostPiece = PieceSize - page
	// a page before the piece is for what a file has before its contents.
	pieceSeqOff = 0
	pieceOff    = page - contentsOff
)

// Pieces is memory of one process in which pieces of the file that it reads are put, one in another's place.
// It can read it, and nobody else.
type Pieces struct{ mem []byte }

// Put puts a piece there, which nobody can read yet. Precondition: the process waits, and the piece is not larger than MostPiece.
func (p *Pieces) Put(b []byte) {
	p.Revoke()
	le.PutUint32(p.mem[pieceOff+sizeOff:], uint32(len(b)))
	copy(p.mem[pieceOff+contentsOff:], b)
}

// Lend has the piece be read, and notes in the slate where it is. Precondition: the process waits.
func (p *Pieces) Lend(base uint64, s *Slate) {
	p.Revoke()
	seq := p.mem[pieceSeqOff:]
	store(seq, load(seq)+1)
	s.State, s.Seq = Piece, load(seq)
	s.Sequences, s.File = base+PieceOff+pieceSeqOff, base+PieceOff+pieceOff
}

// Revoke has the piece be read no more. A read that has got some of it before that may not have noted it yet.
func (p *Pieces) Revoke() {
	seq := p.mem[pieceSeqOff:]
	store(seq, load(seq)|1)
}
