package sole

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// piece is how much one frame carries.
const piece = 256 << 10

// Send sends what is in a file, which nobody writes to meanwhile, in frames of the given
// kind. Its holes are sent as zeros; from those who have nothing but zeros there they may be kept.
func Send(file *os.File, id *image.FileID, holes bool, emit func(parts ...[]byte) error) error {
	for off := int64(0); off < int64(id.Size); {
		data, end := stretch(file, off, int64(id.Size))
		if holes && data > off {
			m := wire.SoleMsg{Dev: id.Dev, Ino: id.Ino, Off: uint64(off), Len: uint64(data - off)}
			if err := emit(m.Head()); err != nil {
				return err
			}
		}
		if err := sendData(file, id, data, end, emit); err != nil {
			return err
		}
		off = end
	}
	return nil
}

func sendData(file *os.File, id *image.FileID, off, end int64, emit func(parts ...[]byte) error) error {
	buf := make([]byte, min(piece, end-off))
	for ; off < end; off += piece {
		b := buf[:min(piece, end-off)]
		if n, err := file.ReadAt(b, off); n < len(b) {
			return fmt.Errorf("read %s: %w", id.Path, errors.Join(err, io.ErrUnexpectedEOF))
		}
		m := wire.SoleMsg{Dev: id.Dev, Ino: id.Ino, Off: uint64(off), Len: uint64(len(b))}
		if err := emit(m.Head(), b); err != nil {
			return err
		}
	}
	return nil
}

// stretch finds the first data of a file from off on; what is before is a hole. Where holes are
// not told all is data.
func stretch(file *os.File, off, size int64) (data, end int64) {
	data, err := unix.Seek(int(file.Fd()), off, unix.SEEK_DATA)
	switch {
	case errors.Is(err, unix.ENXIO):
		return size, size
	case err != nil:
		return off, size
	}
	end, err = unix.Seek(int(file.Fd()), data, unix.SEEK_HOLE)
	if err != nil || end <= data {
		end = size
	}
	return min(data, size), min(end, size)
}

// Store puts a part of what was sent into a file of this size, where it is not there already.
func Store(file *os.File, size uint64, m *wire.SoleMsg) error {
	if m.Off > size || m.Len > size-m.Off {
		return fmt.Errorf("contents of a file: %d bytes at %#x of %d", m.Len, m.Off, size)
	}
	have, zeros := make([]byte, image.PageSize), make([]byte, image.PageSize)
	for off := m.Off; off < m.Off+m.Len; {
		n := min(image.PageSize-off%image.PageSize, m.Off+m.Len-off)
		want := zeros[:n]
		if len(m.Bytes) > 0 {
			want = m.Bytes[off-m.Off:][:n]
		}
		if _, err := file.ReadAt(have[:n], int64(off)); err != nil {
			return fmt.Errorf("compare a file: %w", err)
		}
		if !bytes.Equal(have[:n], want) {
			if _, err := file.WriteAt(want, int64(off)); err != nil {
				return fmt.Errorf("write to a file: %w", err)
			}
		}
		off += n
	}
	return nil
}
