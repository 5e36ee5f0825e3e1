package shortcut

import (
	"bytes"
	"unsafe"
)

func codeAddress() unsafe.Pointer

var marker = []byte{0x0f, 0x0b, 0x0f, 0x0b, 0x0f, 0x0b, 0x0f, 0x0b}

// Load returns a copy of the machine code.
func Load() Code {
	const most = 1024 // it is about 400 bytes
	b := unsafe.Slice((*byte)(codeAddress()), most)
	return append(Code(nil), b[:bytes.Index(b, marker)]...)
}
