package syscalls

import (
	"encoding/binary"
	"errors"
)

// decoder reads a message from a peer; after its first error it reads zeros.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.b = nil
}

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.fail(errCut)
		return 0
	}
	x := d.b[0]
	d.b = d.b[1:]
	return x
}

func (d *decoder) uvarint() uint64 {
	x, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail(errCut)
		return 0
	}
	d.b = d.b[n:]
	return x
}

func (d *decoder) varint() int64 {
	x, n := binary.Varint(d.b)
	if n <= 0 {
		d.fail(errCut)
		return 0
	}
	d.b = d.b[n:]
	return x
}

// upTo reads a number that must not exceed limit.
func (d *decoder) upTo(limit uint64) uint64 {
	x := d.uvarint()
	if x > limit {
		d.fail(errors.New("a number exceeds its limit"))
		return 0
	}
	return x
}

// bytes reads a length of at most limit and that many bytes, without copying.
func (d *decoder) bytes(limit uint64) []byte {
	n := d.upTo(limit)
	if n > uint64(len(d.b)) {
		d.fail(errCut)
		return nil
	}
	if n == 0 {
		return nil
	}
	x := d.b[:n:n]
	d.b = d.b[n:]
	return x
}
