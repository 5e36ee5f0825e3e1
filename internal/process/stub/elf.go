package stub

import "encoding/binary"

// Executable returns a static ELF program that holds the stub's code at base
// and, when started, does nothing but pause: its supervisor stops it, maps the
// slots and sends it into the stub. It has no stack use, no libc and no data.
func Executable(base uint64) []byte {
	const headers = 64 + 56
	code := Load().Bytes
	hang := []byte{0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7} // mov $pause,%eax; syscall; jmp back
	// The code comes first on its page so that CodeAddress is the base; the
	// headers live in the file only.
	const fileOff = page
	image := make([]byte, fileOff, fileOff+len(code)+len(hang))
	le := binary.LittleEndian
	copy(image, "\x7fELF\x02\x01\x01")
	le.PutUint16(image[16:], 2)    // ET_EXEC
	le.PutUint16(image[18:], 0x3e) // EM_X86_64
	le.PutUint32(image[20:], 1)
	le.PutUint64(image[24:], base+uint64(len(code))) // entry: the hang
	le.PutUint64(image[32:], 64)                     // program headers
	le.PutUint16(image[52:], 64)
	le.PutUint16(image[54:], 56)
	le.PutUint16(image[56:], 1)
	ph := image[64:headers]
	le.PutUint32(ph[0:], 1) // PT_LOAD
	le.PutUint32(ph[4:], 5) // r-x
	le.PutUint64(ph[8:], fileOff)
	le.PutUint64(ph[16:], base)
	le.PutUint64(ph[24:], base)
	size := uint64(len(code) + len(hang))
	le.PutUint64(ph[32:], size)
	le.PutUint64(ph[40:], size)
	le.PutUint64(ph[48:], page)
	image = append(image, code...)
	return append(image, hang...)
}
