package tracers

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// hostile makes a program file whose sections and symbols all have one name, of megabytes.
func hostile(t *testing.T, sections, symbols int) string {
	t.Helper()
	const header, section, symbol, name = 64, 64, 24, 7 << 20
	var b bytes.Buffer
	put := func(v any) {
		if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
			t.Fatal(err)
		}
	}
	tables := uint64(header + sections*section)
	h := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Shoff: header, Ehsize: header,
		Phentsize: 56, Shentsize: section, Shnum: uint16(sections), Shstrndx: 1}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	put(h)
	for i := range sections {
		s := elf.Section64{Name: 1}
		switch i {
		case 1:
			s.Type, s.Off, s.Size = uint32(elf.SHT_STRTAB), tables, name
		case 2:
			s.Type, s.Off, s.Size, s.Link, s.Entsize = uint32(elf.SHT_DYNSYM), tables+name, uint64(symbols*symbol), 1, symbol
		}
		put(s)
	}
	text := bytes.Repeat([]byte{'x'}, name)
	text[0], text[name-1] = 0, 0
	b.Write(text)
	for range symbols {
		put(elf.Sym64{Name: 1})
	}
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A file of some megabytes must not cost the supervisor gigabytes, nor seconds in which it hears of nobody.
func TestHostileNames(t *testing.T) {
	for what, path := range map[string]string{"sections": hostile(t, 200, 1), "symbols": hostile(t, 3, 200)} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begun := time.Now()
		if Is(path) {
			t.Errorf("%s: it is a tracer", what)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
			t.Errorf("names of %s: %d MB in %v", what, used>>20, time.Since(begun))
		}
	}
}
