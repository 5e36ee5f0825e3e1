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
	defer standing(file)()
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

// standing has a description stand where it does now when the result is called: it may be the process's, and to look
// for holes moves it.
func standing(file *os.File) func() {
	at, err := unix.Seek(int(file.Fd()), 0, unix.SEEK_CUR)
	return func() {
		if err == nil {
			_, _ = unix.Seek(int(file.Fd()), at, unix.SEEK_SET)
		}
	}
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

// Amount is how much data is in a file; its holes are none.
func Amount(file *os.File, size int64) int64 {
	defer standing(file)()
	var n int64
	for off := int64(0); off < size; {
		data, end := stretch(file, off, size)
		n += end - data
		off = end
	}
	return n
}

// Store puts a part of what was sent into a file of this size, where it is not there already.
func Store(file *os.File, size uint64, m *wire.SoleMsg) error {
	if m.Off > size || m.Len > size-m.Off {
		return fmt.Errorf("contents of a file: %d bytes at %#x of %d", m.Len, m.Off, size)
	}
	if len(m.Bytes) > 0 {
		return storeData(file, m.Off, m.Bytes)
	}
	defer standing(file)()
	zeros := make([]byte, piece)
	for off, past := int64(m.Off), int64(m.Off+m.Len); off < past; { // where there is a hole there are zeros
		data, end := stretch(file, off, past)
		for ; data < end; data += piece {
			if err := storeData(file, uint64(data), zeros[:min(piece, end-data)]); err != nil {
				return err
			}
		}
		off = end
	}
	return nil
}

func storeData(file *os.File, at uint64, b []byte) error {
	have := make([]byte, image.PageSize)
	for len(b) > 0 {
		n := min(image.PageSize-at%image.PageSize, uint64(len(b)))
		if _, err := file.ReadAt(have[:n], int64(at)); err != nil {
			return fmt.Errorf("compare a file: %w", err)
		}
		if !bytes.Equal(have[:n], b[:n]) {
			if _, err := file.WriteAt(b[:n], int64(at)); err != nil {
				return fmt.Errorf("write to a file: %w", err)
			}
		}
		at, b = at+n, b[n:]
	}
	return nil
}
