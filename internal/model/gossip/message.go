package gossip

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"openmosix/internal/model/load"
)

// A message: version 1 │ count 1 │ count × (age in ms 2 │ report)
//
// A message of a later version has at least this; what follows is skipped.
const (
	version    = 1
	headerSize = 2
	entrySize  = 2 + load.EncodedSize
	// MaxMessage is the length of a message of Size entries.
	MaxMessage = headerSize + Size*entrySize
)

// Message is what this node tells in a round: as many of its freshest entries
// as a message has and the limit allows.
func (w *Window) Message(limit int, now time.Duration) []byte {
	return Encode(w.Freshest(min(Size, (limit-headerSize)/entrySize), now))
}

// Encode makes the message of some entries; not more than Size of them.
func Encode(entries []Known) []byte {
	b := make([]byte, 0, headerSize+len(entries)*entrySize)
	b = append(b, version, byte(len(entries)))
	for _, e := range entries {
		b = binary.BigEndian.AppendUint16(b, uint16(min(e.Age, Expiry).Milliseconds()))
		b = load.AppendReport(b, e.Report)
	}
	return b
}

// Decode reads what Encode wrote.
func Decode(b []byte) ([]Known, error) {
	if len(b) < headerSize {
		return nil, errors.New("load information is cut")
	}
	if b[0] < version {
		return nil, fmt.Errorf("load information of unknown version %d", b[0])
	}
	count := int(b[1])
	if least := headerSize + count*entrySize; len(b) < least {
		return nil, fmt.Errorf("load information of %d nodes has %d bytes, at least %d are needed", count, len(b), least)
	}
	out, rest := make([]Known, count), b[headerSize:]
	for i := range out {
		if len(rest) < 2 {
			return nil, load.ErrCut
		}
		out[i].Age = time.Duration(binary.BigEndian.Uint16(rest)) * time.Millisecond
		var err error
		if out[i].Report, rest, err = load.ReadReport(rest[2:]); err != nil {
			return nil, err
		}
	}
	return out, nil
}
