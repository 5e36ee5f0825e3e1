package wire

import (
	"encoding/binary"
	"fmt"

	"openmosix/internal/model/image"
)

// SoleMsg is a part of what is in a file of a process's own (image.FileID.Sole), which Dev and
// Ino name as the image does.
type SoleMsg struct {
	Dev, Ino uint64
	Off, Len uint64
	Bytes    []byte // Len of them; none: they are zeros
}

const soleHead = 32

// Head is what precedes the contents.
func (m *SoleMsg) Head() []byte {
	b := make([]byte, 0, soleHead)
	for _, v := range []uint64{m.Dev, m.Ino, m.Off, m.Len} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

// DecodeSole takes a frame apart. Its contents are those of the frame.
func DecodeSole(b []byte) (*SoleMsg, error) {
	if len(b) < soleHead {
		return nil, fmt.Errorf("contents of a file: frame of %d bytes", len(b))
	}
	at := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	m := &SoleMsg{Dev: at(0), Ino: at(1), Off: at(2), Len: at(3), Bytes: b[soleHead:]}
	switch n := uint64(len(m.Bytes)); {
	case m.Off > image.MaxSoleSize || m.Len > image.MaxSoleSize-m.Off || m.Len == 0:
		return nil, fmt.Errorf("contents of a file: %d bytes at %#x", m.Len, m.Off)
	case n != 0 && n != m.Len:
		return nil, fmt.Errorf("contents of a file: %d bytes instead of %d", n, m.Len)
	}
	return m, nil
}
