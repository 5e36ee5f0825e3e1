// Package tracers tells by a program's file whether it traces processes, or has itself traced. Nobody else can trace a
// process that a supervisor traces: ptrace(2) knows one tracer only.
package tracers

import (
	"debug/elf"
	"os"
)

// signs are the names that tell it: ptrace itself, or the runtime of a sanitizer that looks for leaks in the end, by a
// tracer of its own (LeakSanitizer, which AddressSanitizer brings along).
var signs = struct{ taken, symbols, libraries []string }{
	taken:     []string{"ptrace\x00"},
	symbols:   []string{"__asan_init\x00", "__lsan_"},
	libraries: []string{"liblsan.so", "libasan.so"},
}

// Is looks at what a program (ELF, dynamically linked) takes from libraries. What cannot be read is none.
func Is(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	d, ok := readDynamic(file)
	return ok && (d.imports() || d.needs())
}

// imports tells whether one of its symbols is a sign.
func (d *dynamic) imports() bool {
	for s := d.symbols; len(s) >= symbolSize; s = s[symbolSize:] {
		name, section := le.Uint32(s), le.Uint16(s[6:])
		if d.named(uint64(name), signs.symbols) || section == uint16(elf.SHN_UNDEF) && d.named(uint64(name), signs.taken) {
			return true
		}
	}
	return false
}

// needs tells whether one of its libraries is a sign.
func (d *dynamic) needs() bool {
	for e := d.entries; len(e) >= entrySize; e = e[entrySize:] {
		if le.Uint64(e) == uint64(elf.DT_NEEDED) && d.named(le.Uint64(e[8:]), signs.libraries) {
			return true
		}
	}
	return false
}
