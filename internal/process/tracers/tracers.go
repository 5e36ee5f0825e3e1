// Package tracers tells by a program's file whether it traces processes, or has itself traced. Nobody else can trace a
// process that a supervisor traces: ptrace(2) knows one tracer only.
package tracers

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"slices"
	"strings"
)

const (
	// most sections, and bytes of one that is looked at: a file may say that it has any number.
	mostSections = 4096
	mostBytes    = 8 << 20
)

// Is looks at what a program (ELF, dynamically linked) takes from libraries: ptrace itself, or the runtime of a
// sanitizer that looks for leaks in the end, by a tracer of its own (LeakSanitizer, which AddressSanitizer brings along).
// What cannot be read is none.
func Is(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	if !isSmall(file) {
		return false
	}
	f, err := elf.NewFile(file)
	if err != nil {
		return false
	}
	for _, s := range f.Sections {
		looked := s.Type == elf.SHT_DYNSYM || s.Type == elf.SHT_DYNAMIC || s.Type == elf.SHT_STRTAB || s.Type == elf.SHT_GNU_VERNEED || s.Type == elf.SHT_GNU_VERSYM
		if looked && s.Flags&elf.SHF_ALLOC != 0 && s.FileSize > mostBytes {
			return false
		}
	}
	libraries, _ := f.ImportedLibraries() // none: it is linked statically
	symbols, _ := f.DynamicSymbols()
	return slices.ContainsFunc(libraries, bringsTracer) || slices.ContainsFunc(symbols, func(s elf.Symbol) bool {
		return s.Name == "ptrace" && s.Section == elf.SHN_UNDEF || s.Name == "__asan_init" || strings.HasPrefix(s.Name, "__lsan_")
	})
}

func bringsTracer(library string) bool {
	return strings.HasPrefix(library, "liblsan.so") || strings.HasPrefix(library, "libasan.so")
}

// isSmall tells whether a file is an ELF file of 64 bits with a number of sections that can be read: elf(5).
func isSmall(file *os.File) bool {
	const size, sectionCount = 64, 60
	var head [size]byte
	if _, err := file.ReadAt(head[:], 0); err != nil || string(head[:4]) != elf.ELFMAG || elf.Class(head[elf.EI_CLASS]) != elf.ELFCLASS64 {
		return false
	}
	n := binary.LittleEndian.Uint16(head[sectionCount:])
	return 0 < n && n <= mostSections
}
