package stub

import "encoding/binary"

// Executable returns a static ELF program that does nothing but pause, at a
// place inside the region at base: its supervisor stops it, maps stub and slots
// and sends it into the stub. It has no libc, no data and no use for a stack.
func Executable(base uint64) []byte {
	const headers = 64 + 56
	const fileOff = page
	at := base + hangOff
	image := make([]byte, fileOff, fileOff+len(hang))
	le := binary.LittleEndian
	copy(image, "\x7fELF\x02\x01\x01")
	le.PutUint16(image[16:], 2)    // ET_EXEC
	le.PutUint16(image[18:], 0x3e) // EM_X86_64
	le.PutUint32(image[20:], 1)
	le.PutUint64(image[24:], at) // entry
	le.PutUint64(image[32:], 64) // program headers
	le.PutUint16(image[52:], 64)
	le.PutUint16(image[54:], 56)
	le.PutUint16(image[56:], 1)
	ph := image[64:headers]
	le.PutUint32(ph[0:], 1) // PT_LOAD
	le.PutUint32(ph[4:], 5) // r-x
	le.PutUint64(ph[8:], fileOff)
	le.PutUint64(ph[16:], at)
	le.PutUint64(ph[24:], at)
	le.PutUint64(ph[32:], uint64(len(hang)))
	le.PutUint64(ph[40:], uint64(len(hang)))
	le.PutUint64(ph[48:], page)
	return append(image, hang...)
}

// hangOff is where in the region the program of Executable lies, out of the
// way of the code and the slots.
const hangOff = 0x10000

var hang = []byte{0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xeb, 0xf7} // mov $pause,%eax; syscall; jmp back

// HangSyscall is the address of a system call instruction in that program.
func HangSyscall(base uint64) uint64 { return base + hangOff + 5 }
