package cpu

import (
	"encoding/binary"
	"hash/fnv"
)

// Fingerprint is the same on CPUs that cover each other, and differs, but for
// one chance in 2⁶⁴, on others. It is never 0.
func (f Features) Fingerprint() uint64 {
	words := f.Words
	for len(words) > 0 && words[len(words)-1] == 0 {
		words = words[:len(words)-1] // a program that does not know of a word yet says nothing of it
	}
	var b []byte
	b = binary.BigEndian.AppendUint64(b, f.XCR0)
	b = binary.BigEndian.AppendUint32(b, f.XSave)
	for _, w := range words {
		b = binary.BigEndian.AppendUint32(b, w)
	}
	h := fnv.New64a()
	_, _ = h.Write(b) // never fails
	return max(h.Sum64(), 1)
}
