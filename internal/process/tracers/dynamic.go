package tracers

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"io"
	"slices"
)

// A file is its owner's, who may write anything into it, and is looked at while the supervisor hears of nobody else. So
// what is read is bounded, and no name is made a string of, as package debug/elf does: a thousand symbols may
// have one name of megabytes.

const (
	mostSections = 4096
	mostBytes    = 8 << 20 // of one section

	headerSize  = 64 // elf(5): Elf64_Ehdr, Elf64_Shdr, Elf64_Sym, Elf64_Dyn
	sectionSize = 64
	symbolSize  = 24
	entrySize   = 16
)

var le = binary.LittleEndian

// dynamic is what a file says to the dynamic linker.
type dynamic struct {
	symbols, entries, names []byte
}

// named tells whether the name that begins there begins like one of these.
func (d *dynamic) named(at uint64, signs []string) bool {
	return at < uint64(len(d.names)) && slices.ContainsFunc(signs, func(s string) bool { return bytes.HasPrefix(d.names[at:], []byte(s)) })
}

// readDynamic reads that from an ELF file of 64 bits; false: it has none, or more than is looked at.
func readDynamic(file io.ReaderAt) (*dynamic, bool) {
	head, ok := read(file, 0, headerSize)
	if !ok || string(head[:4]) != elf.ELFMAG || elf.Class(head[elf.EI_CLASS]) != elf.ELFCLASS64 {
		return nil, false
	}
	size, count := le.Uint16(head[58:]), le.Uint16(head[60:])
	if size != sectionSize || count > mostSections {
		return nil, false
	}
	sections, ok := read(file, le.Uint64(head[40:]), uint64(count)*sectionSize)
	if !ok {
		return nil, false
	}
	var d dynamic
	for s := sections; len(s) > 0; s = s[sectionSize:] {
		var into *[]byte
		switch elf.SectionType(le.Uint32(s[4:])) {
		case elf.SHT_DYNSYM:
			into = &d.symbols
		case elf.SHT_DYNAMIC:
			into = &d.entries
		default:
			continue
		}
		link := le.Uint32(s[40:]) // of both it is .dynstr
		if *into != nil || link >= uint32(count) {
			return nil, false
		}
		if *into, ok = contents(file, s); !ok {
			return nil, false
		}
		if d.names, ok = contents(file, sections[link*sectionSize:]); !ok {
			return nil, false
		}
	}
	return &d, d.names != nil
}

// contents reads a section.
func contents(file io.ReaderAt, section []byte) ([]byte, bool) {
	return read(file, le.Uint64(section[24:]), le.Uint64(section[32:]))
}

func read(file io.ReaderAt, at, n uint64) ([]byte, bool) {
	if n > mostBytes || int64(at) < 0 {
		return nil, false
	}
	b := make([]byte, n)
	_, err := file.ReadAt(b, int64(at))
	return b, err == nil
}
