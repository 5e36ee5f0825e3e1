package wire

import (
	"encoding/binary"
	"errors"
)

// AheadFile is what a guest's side may answer by itself of a file just opened or
// read, until it hears of anything else for the process:
//
//	Ahead  id = thread  descriptor (4), flags (1), offset (8), struct stat (144), contents
//
// It comes just before the reply of the call, or, if it continues what came before, as the
// answer to a Behind that asks for more. There is one such answer to each; one without
// contents that is not complete says that home has to be asked.
type AheadFile struct {
	FD        int
	Complete  bool // the contents end where the file ends
	HasStat   bool
	Continues bool
	Quiet     bool   // it has just been opened, and closing it cannot fail
	Pipe      bool   // it is a pipe, and the contents are in it still: Offset is counted by home
	Offset    uint64 // of the descriptor, and of the first byte of the contents
	Stat      []byte // as fstat(2) gives it
	Contents  []byte
}

// Sizes of an Ahead frame.
const (
	StatSize  = 144
	aheadHead = 4 + 1 + 8 + StatSize
	MaxAhead  = 1 << 20
)

const (
	aheadComplete = 1 << iota
	aheadStat
	aheadContinues
	aheadQuiet
	aheadPipe
)

// Head is what precedes the contents in a frame.
func (f *AheadFile) Head() []byte {
	b := make([]byte, aheadHead)
	binary.LittleEndian.PutUint32(b, uint32(f.FD))
	if f.Complete {
		b[4] |= aheadComplete
	}
	if f.HasStat {
		b[4] |= aheadStat
	}
	if f.Continues {
		b[4] |= aheadContinues
	}
	if f.Quiet {
		b[4] |= aheadQuiet
	}
	if f.Pipe {
		b[4] |= aheadPipe
	}
	binary.LittleEndian.PutUint64(b[5:], f.Offset)
	copy(b[13:], f.Stat)
	return b
}

var errAhead = errors.New("what comes ahead of a file is not understood")

// DecodeAhead reads a frame; the result refers to b.
func DecodeAhead(b []byte) (AheadFile, error) {
	if len(b) < aheadHead || len(b) > aheadHead+MaxAhead {
		return AheadFile{}, errAhead
	}
	f := AheadFile{FD: int(int32(binary.LittleEndian.Uint32(b))), Complete: b[4]&aheadComplete != 0, HasStat: b[4]&aheadStat != 0, Continues: b[4]&aheadContinues != 0, Quiet: b[4]&aheadQuiet != 0, Pipe: b[4]&aheadPipe != 0,
		Offset: binary.LittleEndian.Uint64(b[5:]), Stat: b[13 : 13+StatSize], Contents: b[aheadHead:]}
	if f.FD < 0 || f.Offset > 1<<62 {
		return AheadFile{}, errAhead
	}
	return f, nil
}

// BehindMsg is what a guest's side has done with a descriptor by itself, and home
// has to follow:
//
//	Behind id = thread  descriptor (4), flags (1), offset (8), from (8), bytes (4)
type BehindMsg struct {
	FD     int
	Offset uint64 // that the descriptor has now
	Seek   bool   // it is another one than home's
	Read   bool   // it was read from
	Close  bool   // it has been closed
	Pipe   bool   // it is a pipe: up to Offset what came ahead of it has been read, and is to be taken out

	// Where the next piece is to begin, and its size; 0: none is wanted.
	From  uint64
	Bytes int
}

const behindSize = 4 + 1 + 8 + 8 + 4

const (
	behindSeek = 1 << iota
	behindRead
	behindClose
	behindPipe
)

// Append encodes the message.
func (m BehindMsg) Append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(m.FD))
	flags := byte(0)
	for bit, is := range map[byte]bool{behindSeek: m.Seek, behindRead: m.Read, behindClose: m.Close, behindPipe: m.Pipe} {
		if is {
			flags |= bit
		}
	}
	b = append(b, flags)
	b = binary.LittleEndian.AppendUint64(b, m.Offset)
	b = binary.LittleEndian.AppendUint64(b, m.From)
	return binary.LittleEndian.AppendUint32(b, uint32(m.Bytes))
}

// DecodeBehind reads it.
func DecodeBehind(b []byte) (BehindMsg, error) {
	if len(b) != behindSize {
		return BehindMsg{}, errBehind
	}
	m := BehindMsg{FD: int(int32(binary.LittleEndian.Uint32(b))), Offset: binary.LittleEndian.Uint64(b[5:]),
		Seek: b[4]&behindSeek != 0, Read: b[4]&behindRead != 0, Close: b[4]&behindClose != 0, Pipe: b[4]&behindPipe != 0,
		From: binary.LittleEndian.Uint64(b[13:]), Bytes: int(binary.LittleEndian.Uint32(b[21:]))}
	if m.FD < 0 || m.From > 1<<62 || m.Bytes > MaxAhead || m.Bytes > 0 && m.Close || m.Pipe && (m.Close || m.Bytes > 0) {
		return BehindMsg{}, errBehind
	}
	return m, nil
}

var errBehind = errors.New("what was done with a descriptor is not understood")
