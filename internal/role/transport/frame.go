package transport

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// A frame on the wire: length of the data (4 bytes), kind (1), id (8), data.
// Numbers are big endian.
const (
	headerSize = 4 + 1 + 8
	// MaxFrame bounds the data of one frame.
	MaxFrame = 64 << 20
	// coalesce is the size up to which a frame goes out in one write.
	coalesce = 64 << 10
	// keepBuffer is the largest receive buffer kept after a smaller frame.
	keepBuffer = 4 << 20
)

// ErrFrameTooBig is wrapped when a frame is over MaxFrame, in either direction.
var ErrFrameTooBig = errors.New("frame is larger than allowed")

// Frame is one message. What Kind and ID mean is the user's affair.
type Frame struct {
	Kind uint8
	ID   uint64
	Data []byte // valid until the next Recv
}

// Framed sends and receives frames on a connection. Send may be called from
// any goroutine; Recv by one at a time. After an error of either the
// connection is unusable: a frame may have gone out in part.
type Framed struct {
	conn io.ReadWriteCloser

	mu     sync.Mutex // orders writers; guards out and broken
	out    []byte
	broken error

	in     *bufio.Reader
	header [headerSize]byte // of the frame being received
	buf    []byte
}

// NewFramed owns conn from then on.
func NewFramed(conn io.ReadWriteCloser) *Framed {
	return &Framed{conn: conn, in: bufio.NewReaderSize(conn, 32<<10), out: make([]byte, 0, 4096)}
}

// Send writes the parts, joined, as one frame. The parts are the caller's
// again when it returns.
func (f *Framed) Send(kind uint8, id uint64, parts ...[]byte) error {
	length := 0
	for _, p := range parts {
		length += len(p)
		if length > MaxFrame {
			return fmt.Errorf("send frame of kind %d: %w (%d bytes)", kind, ErrFrameTooBig, MaxFrame)
		}
	}
	var header [headerSize]byte
	binary.BigEndian.PutUint32(header[:], uint32(length))
	header[4] = kind
	binary.BigEndian.PutUint64(header[5:], id)

	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return f.broken
	}
	if err := f.write(header[:], parts); err != nil {
		f.broken = fmt.Errorf("send frame: %w", err)
		return f.broken
	}
	return nil
}

// write gathers small parts into one write and passes large ones on uncopied.
func (f *Framed) write(header []byte, parts [][]byte) error {
	f.out = append(f.out[:0], header...)
	for _, p := range parts {
		if len(f.out)+len(p) <= coalesce {
			f.out = append(f.out, p...)
			continue
		}
		if err := f.flush(); err != nil {
			return err
		}
		if len(p) <= coalesce {
			f.out = append(f.out, p...)
			continue
		}
		if _, err := f.conn.Write(p); err != nil {
			return err
		}
	}
	return f.flush()
}

func (f *Framed) flush() error {
	if len(f.out) == 0 {
		return nil
	}
	_, err := f.conn.Write(f.out)
	f.out = f.out[:0]
	return err
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

// fill reads n bytes into f.buf. Memory is taken as the data comes in, not as
// the peer announces it.
func (f *Framed) fill(n int) error {
	if cap(f.buf) > keepBuffer && n <= keepBuffer {
		f.buf = nil
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

// Close closes the connection and ends a Recv that waits.
func (f *Framed) Close() error { return f.conn.Close() }
