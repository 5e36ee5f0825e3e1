package transport

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"weak"
)

// A frame on the wire: length of the data (4 bytes), kind (1), id (8), data.
// Numbers are big endian.
const (
	headerSize = 4 + 1 + 8
	// MaxFrame bounds the data of one frame.
	MaxFrame = 64 << 20
	// worthGiving is from which size on a frame is large: its memory changes hands, and is
	// kept only as long as large ones come. That of small ones stays.
	worthGiving = 64 << 10
	// keepBuffer is the largest memory that is used for another frame, and spares how
	// many such pieces are.
	keepBuffer = 4 << 20
	spares     = 4
	// record is what is read from below at once: a record of TLS has no more.
	record = 16 << 10
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
	header [headerSize]byte          // of the frame being received
	small  []byte                    // memory of small frames
	large  []byte                    // of the last frame, if it is a large one
	spare  chan weak.Pointer[[]byte] // for large frames to come; the collector takes it if none come
}

// NewFramed owns conn from then on.
func NewFramed(conn io.ReadWriteCloser) *Framed {
	f := &Framed{in: bufio.NewReaderSize(conn, record), spare: make(chan weak.Pointer[[]byte], spares)}
	f.outgoing.init(conn)
	return f
}

// Recv reads one frame. It returns io.EOF when the peer closed between two
// frames, io.ErrUnexpectedEOF when within one.
func (f *Framed) Recv() (Frame, error) {
	if f.last == nil {
		return f.recv()
	}
	return f.recvLasting()
}

func (f *Framed) recv() (Frame, error) {
	// Before it waits, perhaps for hours: nobody looks at the last frame any more.
	f.Spare(f.large)
	f.large = nil
	header := f.header[:]
	if _, err := io.ReadFull(f.in, header); err != nil {
		if err == io.EOF {
			return Frame{}, io.EOF
		}
		return Frame{}, fmt.Errorf("receive frame: %w", f.reason(err))
	}
	length := binary.BigEndian.Uint32(header)
	if length > MaxFrame {
		return Frame{}, fmt.Errorf("receive frame: %w (%d of %d bytes)", ErrFrameTooBig, length, MaxFrame)
	}
	data, err := f.data(int(length))
	if err != nil {
		return Frame{}, fmt.Errorf("receive frame of %d bytes: %w", length, f.reason(err))
	}
	return Frame{Kind: header[4], ID: binary.BigEndian.Uint64(header[5:]), Data: data}, nil
}

// Own makes the data of the frame received last the caller's own. Large ones are not
// copied; who has no more use for them may give them back with Spare.
func (f *Framed) Own(last Frame) []byte {
	if len(last.Data) < worthGiving {
		return append([]byte(nil), last.Data...)
	}
	f.large = nil
	return last.Data
}

// Spare takes memory that Own has given and that nobody looks at any more, for frames
// to come. Any goroutine may call it.
func (f *Framed) Spare(data []byte) {
	if cap(data) < worthGiving || cap(data) > keepBuffer {
		return
	}
	again := data[:0]
	select {
	case f.spare <- weak.Make(&again):
	default:
	}
}

// spared is memory that Spare was given; nil: there is none any more.
func (f *Framed) spared() []byte {
	for {
		select {
		case w := <-f.spare:
			if p := w.Value(); p != nil {
				return *p
			}
		default:
			return nil
		}
	}
}

// data reads the n bytes of a frame.
func (f *Framed) data(n int) ([]byte, error) {
	if n < worthGiving {
		if cap(f.small) < n {
			f.small = make([]byte, max(n, 2*cap(f.small)))
		}
		return f.small[:n], f.read(f.small[:n])
	}
	f.large = f.spared()
	err := f.fill(n)
	return f.large, err
}

// fill reads n bytes into f.large. Memory is taken as the data comes in, not as
// the peer announces it.
func (f *Framed) fill(n int) error {
	for have := 0; have < n; have = len(f.large) {
		step := min(n, max(cap(f.large), 1<<20, 2*have))
		if cap(f.large) < step {
			larger := make([]byte, have, step)
			copy(larger, f.large)
			f.large = larger
		}
		f.large = f.large[:step]
		if err := f.readLarge(f.large[have:step], n-have); err != nil {
			return err
		}
	}
	return nil
}

// readLarge fills b with what comes next of a large frame, of which so many bytes are
// to come.
func (f *Framed) readLarge(b []byte, left int) error {
	for len(b) > 0 {
		f.below.needs(left - f.in.Buffered())
		n, err := f.in.Read(b)
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		b, left = b[n:], left-n
	}
	f.below.needs(1)
	return nil
}

// read fills b with what comes next.
func (f *Framed) read(b []byte) error {
	_, err := io.ReadFull(f.in, b)
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
