package wire

import (
	"encoding/binary"
	"errors"

	"openmosix/internal/model/image"
)

// WantMsg asks home for pages that were not sent before the process ran.
type WantMsg struct {
	// Ranges are addresses as they were when the process left.
	Ranges []image.Range
	Urgent bool // a thread waits for one of them
	Done   bool // no more will be asked for
}

// A Fetched frame answers, in any number of pieces:
//
//	Fetched id = process   address (8), length (4), contents, and so on
const (
	fetchedHead = 8 + 4
	// MaxFetched bounds the contents of one frame.
	MaxFetched = 1 << 20
)

// FetchedHead is what precedes a piece.
func FetchedHead(at uint64, length int) []byte {
	b := binary.LittleEndian.AppendUint64(make([]byte, 0, fetchedHead), at)
	return binary.LittleEndian.AppendUint32(b, uint32(length))
}

// Piece is neighbouring pages and where they were.
type Piece struct {
	At    uint64
	Bytes []byte
}

var errFetched = errors.New("pages that were asked for come in a form that is not understood")

// DecodeFetched reads a frame; the pieces refer to b.
func DecodeFetched(b []byte) ([]Piece, error) {
	var all []Piece
	for len(b) > 0 {
		if len(b) < fetchedHead {
			return nil, errFetched
		}
		at, n := binary.LittleEndian.Uint64(b), int(binary.LittleEndian.Uint32(b[8:]))
		b = b[fetchedHead:]
		if n <= 0 || n > MaxFetched || n > len(b) || n%image.PageSize != 0 || at%image.PageSize != 0 || at > addressEnd {
			return nil, errFetched
		}
		all = append(all, Piece{At: at, Bytes: b[:n:n]})
		b = b[n:]
	}
	return all, nil
}

// addressEnd is above every address of a program.
const addressEnd = 1 << 47
