package filehash

import (
	"crypto/sha256"
	"encoding/binary"
)

// A cache file is a row of records of one size, each with a checksum of its
// own, so that one that was torn or damaged costs only itself.
const (
	sumOff     = 5 * 8
	checkOff   = sumOff + sha256.Size
	recordSize = checkOff + 8
)

// check is not 0 for a record of zeros, as a crash may leave them. It needs no
// tables: every supervisor would have those of a CRC.
func check(b []byte) uint64 {
	s := sha256.Sum256(b[:checkOff])
	return binary.LittleEndian.Uint64(s[:])
}

func encode(k key, s sum) []byte {
	b := make([]byte, 0, recordSize)
	for _, w := range [...]uint64{k.dev, k.ino, k.size, k.modified, k.changed} {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	b = append(b, s[:]...)
	return binary.LittleEndian.AppendUint64(b, check(b))
}

// decode hands over the intact records of b.
func decode(b []byte, each func(key, sum)) {
	for ; len(b) >= recordSize; b = b[recordSize:] {
		if binary.LittleEndian.Uint64(b[checkOff:]) != check(b) {
			continue
		}
		w := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
		each(key{dev: w(0), ino: w(1), size: w(2), modified: w(3), changed: w(4)}, sum(b[sumOff:checkOff]))
	}
}
