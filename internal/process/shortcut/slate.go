package shortcut

import "openmosix/internal/process/stub"

// Slate is what the code notes of the one file that a process reads inside itself: memory that the process
// can write, and of which nothing is believed but what the process may do to itself. The supervisor writes
// it while the process waits, and reads it at any time.
type Slate struct {
	On        bool // files may be opened
	Next      int32
	State     uint32
	FD        int32
	Place     uint32 // of the file: Files.Put
	Seq       uint32 // which that had
	Offset    uint64
	Flags     uint32 // of its open
	Opens     uint32 // how many files have been opened
	File      uint64 // addresses of the file and of its sequence number
	Sequences uint64
	Until     uint64 // of a piece: when it is no longer given out, in ticks
}

// SlateSize is the size of a slate, SlateOff where it lies from the beginning of the stub's region.
const (
	SlateSize = 64
	SlateOff  = stub.SlateOff
)

// States of a slate. Of a file that is being opened nothing says whether the process will find it so. A
// piece is one of a file that is open at home.
const (
	None = iota
	Open
	Opening
	Piece
)

// ParseSlate reads a slate. Precondition: b has SlateSize bytes.
func ParseSlate(b []byte) Slate {
	return Slate{On: le.Uint32(b) != 0, Next: int32(le.Uint32(b[4:])), State: le.Uint32(b[8:]), FD: int32(le.Uint32(b[12:])),
		Place: le.Uint32(b[16:]), Seq: le.Uint32(b[20:]), Offset: le.Uint64(b[24:]), Flags: le.Uint32(b[32:]), Opens: le.Uint32(b[36:]),
		File: le.Uint64(b[40:]), Sequences: le.Uint64(b[48:]), Until: le.Uint64(b[56:])}
}

// Bytes is the slate as the process has it.
func (s *Slate) Bytes() []byte {
	b := make([]byte, SlateSize)
	if s.On {
		le.PutUint32(b, 1)
	}
	le.PutUint32(b[4:], uint32(s.Next))
	le.PutUint32(b[8:], s.State)
	le.PutUint32(b[12:], uint32(s.FD))
	le.PutUint32(b[16:], s.Place)
	le.PutUint32(b[20:], s.Seq)
	le.PutUint64(b[24:], s.Offset)
	le.PutUint32(b[32:], s.Flags)
	le.PutUint32(b[36:], s.Opens)
	le.PutUint64(b[40:], s.File)
	le.PutUint64(b[48:], s.Sequences)
	le.PutUint64(b[56:], s.Until)
	return b
}

// Head is the beginning of a slate of which no file is open: whether one may be, and the number it gets.
func Head(on bool, next int) []byte {
	s := Slate{On: on, Next: int32(next)}
	return s.Bytes()[:12]
}
