// Package vdso makes one kernel's vDSO stand in for another's.
//
// A program holds pointers into the vDSO it was started with: the C library
// looked its functions up once. On a node whose kernel has another vDSO the
// old one cannot work (it reads data pages in a form this kernel does not
// write), but its code can stay where it was with every exported function
// replaced by a jump to this kernel's function of that name.
//
// Nobody may be executing inside the old code when it is replaced.
package vdso

import (
	"bytes"
	"debug/elf"
	"fmt"
)

// MaxSize bounds a vDSO: real ones have one or two pages.
const MaxSize = 64 << 10

// Proxy returns home's vDSO with its functions leading to those of local,
// which is mapped at localBase. A function this kernel does not have answers
// ENOSYS, upon which C libraries make the system call instead. calls are those that it makes itself, from the beginning of home's on.
func Proxy(home, local []byte, localBase uint64) (out []byte, calls []Call, err error) {
	theirs, err := functions(home)
	if err != nil {
		return nil, nil, fmt.Errorf("home's vDSO: %w", err)
	}
	ours, err := functions(local)
	if err != nil {
		return nil, nil, fmt.Errorf("this kernel's vDSO: %w", err)
	}
	out = bytes.Clone(home)
	for name, f := range theirs {
		code, behind := noSuchCall(), uint64(0)
		if g, ok := ours[name]; ok {
			code, behind = standIn(name, localBase+g.at, f.size)
		}
		if f.size < uint64(len(code)) || f.at+f.size > uint64(len(out)) {
			return nil, nil, fmt.Errorf("function %s of home's vDSO has %d bytes at %#x: no room for a jump", name, f.size, f.at)
		}
		copy(out[f.at:], code)
		if behind > 0 {
			calls = append(calls, Call{Entry: f.at, Behind: f.at + behind})
		}
	}
	return out, calls, nil
}

type function struct{ at, size uint64 }

// functions lists what a vDSO exports. The bytes may come from another node:
// the ELF reader of the standard library may panic on hostile ones.
func functions(b []byte) (all map[string]function, err error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("%d bytes, at most %d", len(b), MaxSize)
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("not an ELF image: %v", r)
		}
	}()
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	symbols, err := f.DynamicSymbols()
	if err != nil {
		return nil, err
	}
	all = map[string]function{}
	for _, s := range symbols {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Section != elf.SHN_UNDEF {
			all[s.Name] = function{s.Value, s.Size}
		}
	}
	return all, nil
}

// jump is movabs $to,%r11; jmp *%r11. Functions do not keep r11.
func jump(to uint64) []byte {
	b := []byte{0x49, 0xbb, 0, 0, 0, 0, 0, 0, 0, 0, 0x41, 0xff, 0xe3}
	for i := range 8 {
		b[2+i] = byte(to >> (8 * i))
	}
	return b
}

// noSuchCall is mov $-ENOSYS,%rax; ret.
func noSuchCall() []byte {
	return []byte{0x48, 0xc7, 0xc0, 0xda, 0xff, 0xff, 0xff, 0xc3}
}
