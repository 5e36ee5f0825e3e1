package wire

import (
	"encoding/binary"
	"errors"
	"time"
)

// CreditMsg lets a guest's side end writes to a descriptor by itself, of so many bytes
// and in so many WroteMsgs, for a while:
//
//	Credit id = thread  descriptor (4), bytes (4), frames (1), milliseconds (2), device (8), inode (8)
//
// It comes just before the reply of a write.
type CreditMsg struct {
	FD         int
	Bytes      int
	Frames     int
	Time       time.Duration // of whole milliseconds
	Dev, Inode uint64        // of the file, as in struct stat
}

// Discards tells whether what is written is thrown away, as /dev/null does: then home need not hear of it, however much it
// is. A guest's side that does not know of that takes it for no credit, as no frames are given.
func (m CreditMsg) Discards() bool { return m.Frames == 0 && m.Bytes > 0 }

// WroteMsg is what a thread has written to a descriptor by itself, in order:
//
//	Wrote id = thread  descriptor (4), bytes
type WroteMsg struct {
	FD   int
	Data []byte
}

// MaxWrote is how many bytes a WroteMsg holds at most, and MaxCredit a CreditMsg gives.
const (
	MaxWrote  = 64 << 10
	MaxCredit = 1 << 20
)

// MaxCreditTime is for how long a credit holds at most.
const MaxCreditTime = time.Second

const creditSize = 4 + 4 + 1 + 2 + 8 + 8

// Append encodes the message.
func (m CreditMsg) Append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(m.FD))
	b = binary.LittleEndian.AppendUint32(b, uint32(m.Bytes))
	b = append(b, byte(m.Frames))
	b = binary.LittleEndian.AppendUint16(b, uint16(m.Time/time.Millisecond))
	b = binary.LittleEndian.AppendUint64(b, m.Dev)
	return binary.LittleEndian.AppendUint64(b, m.Inode)
}

// DecodeCredit reads it.
func DecodeCredit(b []byte) (CreditMsg, error) {
	if len(b) != creditSize {
		return CreditMsg{}, errors.New("what may be written is not understood")
	}
	m := CreditMsg{FD: int(int32(binary.LittleEndian.Uint32(b))), Bytes: int(int32(binary.LittleEndian.Uint32(b[4:]))), Frames: int(b[8]),
		Time: time.Duration(binary.LittleEndian.Uint16(b[9:])) * time.Millisecond, Dev: binary.LittleEndian.Uint64(b[11:]), Inode: binary.LittleEndian.Uint64(b[19:])}
	if m.FD < 0 || m.Bytes < 0 || m.Bytes > MaxCredit || m.Time > MaxCreditTime {
		return CreditMsg{}, errors.New("what may be written makes no sense")
	}
	return m, nil
}

// Head is what precedes the data in a frame.
func (m WroteMsg) Head() []byte { return binary.LittleEndian.AppendUint32(nil, uint32(m.FD)) }

// DecodeWrote reads a frame; the result refers to b.
func DecodeWrote(b []byte) (WroteMsg, error) {
	if len(b) <= 4 || len(b) > 4+MaxWrote {
		return WroteMsg{}, errors.New("what was written is not understood")
	}
	m := WroteMsg{FD: int(int32(binary.LittleEndian.Uint32(b))), Data: b[4:]}
	if m.FD < 0 {
		return WroteMsg{}, errors.New("what was written makes no sense")
	}
	return m, nil
}
