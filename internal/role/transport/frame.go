package transport

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// A frame on the wire: length of the data (4 bytes), kind (1), id (8), data.
// Numbers are big endian.
const (
	headerSize = 4 + 1 + 8
	// MaxFrame bounds the data of one frame.
	MaxFrame = 64 << 20
	// keepBuffer is the largest receive buffer kept after a smaller frame.
	keepBuffer = 4 << 20
	// worthGiving is from which size on the memory of a frame changes hands, and
	// spares how many such pieces are kept.
	worthGiving = 64 << 10
	spares      = 4
)

// ErrFrameTooBig is wrapped when a frame is over MaxFrame, in either direction.
var ErrFrameTooBig = errors.New("frame is larger than allowed")

// Frame is one message. What Kind and ID mean is the user's affair.
type Frame struct {
	Kind uint8
	ID   uint64
	Data []byte // valid until the next Recv
}

// Framed sends and receives frames on a connection. Send and Post may be called
// from any goroutine; Recv by one at a time. After an error of any of them the
// connection is unusable: a frame may have gone out in part.
type Framed struct {
	outgoing

	in     *bufio.Reader
	header [headerSize]byte // of the frame being received
	buf    []byte
	spare  chan []byte // memory for frames that was given back
}

// NewFramed owns conn from then on.
func NewFramed(conn io.ReadWriteCloser) *Framed {
	f := &Framed{in: bufio.NewReaderSize(conn, 32<<10), spare: make(chan []byte, spares)}
	f.outgoing.init(conn)
	return f
}

// Recv reads one frame. It returns io.EOF when the peer closed between two
// frames, io.ErrUnexpectedEOF when within one.
func (f *Framed) Recv() (Frame, error) {
	header := f.header[:]
	if _, err := io.ReadFull(f.in, header); err != nil {
		if err == io.EOF {
			return Frame{}, io.EOF
		}
		return Frame{}, fmt.Errorf("receive frame: %w", err)
	}
	length := binary.BigEndian.Uint32(header)
	if length > MaxFrame {
		return Frame{}, fmt.Errorf("receive frame: %w (%d of %d bytes)", ErrFrameTooBig, length, MaxFrame)
	}
	if err := f.fill(int(length)); err != nil {
		return Frame{}, fmt.Errorf("receive frame of %d bytes: %w", length, err)
	}
	return Frame{Kind: header[4], ID: binary.BigEndian.Uint64(header[5:]), Data: f.buf[:length]}, nil
}

// Own makes the data of the frame received last the caller's own. Large ones are not
// copied; who has no more use for them may give them back with Spare.
func (f *Framed) Own(last Frame) []byte {
	if len(last.Data) < worthGiving {
		return append([]byte(nil), last.Data...)
	}
	f.buf = nil
	return last.Data
}

// Spare takes memory that Own has given and that nobody looks at any more, for frames
// to come. Any goroutine may call it.
func (f *Framed) Spare(data []byte) {
	if len(data) < worthGiving || cap(data) > keepBuffer {
		return
	}
	select {
	case f.spare <- data[:0]:
	default:
	}
}

// fill reads n bytes into f.buf. Memory is taken as the data comes in, not as
// the peer announces it.
func (f *Framed) fill(n int) error {
	if cap(f.buf) > keepBuffer && n <= keepBuffer {
		f.buf = nil
	}
	if f.buf == nil {
		select {
		case f.buf = <-f.spare:
		default:
		}
	}
	f.buf = f.buf[:0]
	for have := 0; have < n; have = len(f.buf) {
		step := min(n, max(cap(f.buf), 1<<20, 2*have))
		if cap(f.buf) < step {
			larger := make([]byte, have, step)
			copy(larger, f.buf)
			f.buf = larger
		}
		f.buf = f.buf[:step]
		if _, err := io.ReadFull(f.in, f.buf[have:step]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}
