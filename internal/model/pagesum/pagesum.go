// Package pagesum tells by 16 bytes whether a page is what the other side holds.
//
// A sum is a message authentication code (GMAC, the authentication of AES-GCM) of the
// page under a key that is drawn for one trip, with the page's address as the nonce.
// A program does not know the key, so it cannot make two pages with one sum; for pages
// of whoever does not try, the odds are 2^-120. On CPUs with AES instructions a sum
// costs a fraction of what a cryptographic hash does.
//
// Sums travel in frames: the address of the first page, then a sum for each page from
// there on.
package pagesum

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"sort"

	"openmosix/internal/model/image"
)

const (
	// KeySize is the length of a key.
	KeySize = 16
	// Size is the length of a sum.
	Size = 16
	// PerFrame is how many sums one frame carries at most.
	PerFrame = 4096

	headSize = 8
)

// Key is drawn for each trip.
type Key []byte

// Sums computes sums under one key. It is used by one goroutine.
type Sums struct {
	code  cipher.AEAD
	nonce []byte
}

// New computes sums under a key.
func New(k Key) (*Sums, error) {
	if len(k) != KeySize {
		return nil, fmt.Errorf("a key for sums of pages has %d bytes, not %d", len(k), KeySize)
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		return nil, err
	}
	code, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &Sums{code: code, nonce: make([]byte, code.NonceSize())}, nil
}

// Append adds the sum of the page at an address to b.
func (s *Sums) Append(b []byte, at uint64, page []byte) []byte {
	binary.LittleEndian.PutUint64(s.nonce, at)
	return s.code.Seal(b, s.nonce, nil, page)
}

// Frame makes a frame of the sums of neighbouring pages, PerFrame at most.
func (s *Sums) Frame(at uint64, pages []byte) []byte {
	b := binary.LittleEndian.AppendUint64(make([]byte, 0, headSize+len(pages)/image.PageSize*Size), at)
	for ; len(pages) >= image.PageSize; at, pages = at+image.PageSize, pages[image.PageSize:] {
		b = s.Append(b, at, pages[:image.PageSize])
	}
	return b
}

// Table is what the other side says it holds. What it says is its own affair: it runs
// the process, whatever it has been sent. Used by one goroutine.
type Table struct {
	sums  *Sums
	runs  []run  // by address, not overlapping
	limit uint64 // of pages that are noted
	told  uint64 // pages
	last  []byte
}

type run struct {
	at   uint64
	sums []byte
}

// mostTold bounds the pages that one side may tell of, 256 GiB.
const mostTold = 1 << 26

// NewTable notes at most so many pages, of which the sums are made with this key.
func NewTable(k Key, limit uint64) (*Table, error) {
	sums, err := New(k)
	if err != nil {
		return nil, err
	}
	return &Table{sums: sums, limit: limit, last: make([]byte, 0, Size)}, nil
}

var errFrame = errors.New("sums of pages come in a form that is not understood")

// Add takes a frame. Frames come by rising addresses; what goes beyond the limit is
// passed over.
func (t *Table) Add(frame []byte) error {
	if len(frame) < headSize+Size || (len(frame)-headSize)%Size != 0 || len(frame) > headSize+PerFrame*Size {
		return errFrame
	}
	at, sums := binary.LittleEndian.Uint64(frame), frame[headSize:]
	end := at + uint64(len(sums)/Size)*image.PageSize
	if at%image.PageSize != 0 || end < at || image.ValidateRanges([]image.Range{{Start: at, End: end}}) != nil {
		return errFrame
	}
	if n := len(t.runs); n > 0 && at < t.runs[n-1].end() {
		return errFrame
	}
	if t.told += uint64(len(sums) / Size); t.told > mostTold {
		return errors.New("the other side claims to hold more of the process than can be")
	} else if t.told > t.limit {
		return nil
	}
	t.runs = append(t.runs, run{at: at, sums: append([]byte(nil), sums...)})
	return nil
}

func (r run) end() uint64 { return r.at + uint64(len(r.sums)/Size)*image.PageSize }

// Empty tells whether the other side holds nothing.
func (t *Table) Empty() bool { return t == nil || len(t.runs) == 0 }

// Holds tells whether the other side holds the page at an address as it is here.
func (t *Table) Holds(at uint64, page []byte) bool {
	i := sort.Search(len(t.runs), func(i int) bool { return t.runs[i].end() > at })
	if i == len(t.runs) || at < t.runs[i].at {
		return false
	}
	r := t.runs[i]
	n := (at - r.at) / image.PageSize * Size
	t.last = t.sums.Append(t.last[:0], at, page)
	return string(t.last) == string(r.sums[n:n+Size])
}

// Split divides neighbouring pages into runs that the other side holds and runs that
// it does not; each is told in turn.
func (t *Table) Split(at uint64, pages []byte, each func(at uint64, pages []byte, held bool) error) error {
	begin, held := 0, false
	for n := 0; n <= len(pages); n += image.PageSize {
		last := n+image.PageSize > len(pages)
		is := !last && t.Holds(at+uint64(n), pages[n:n+image.PageSize])
		if n > begin && (last || is != held) {
			if err := each(at+uint64(begin), pages[begin:n], held); err != nil {
				return err
			}
			begin = n
		}
		held = is
	}
	return nil
}
