package shortcut

import (
	"encoding/binary"

	"openmosix/internal/model/image"
)

var le = binary.LittleEndian

// Code is the machine code that looks for an answer.
type Code []byte

// CodeOff is where in the stub's page the code lies.
const CodeOff = 0x400

// Offsets in it: behind the instructions that put registers aside, and behind those that do so with the
// flags; where it gives an answer, which is in r9; where it goes on, with rax, to where r11 says; and
// what is behind that. code_amd64.s has them.
const (
	registersKept = 56
	flagsKept     = 69
	answer        = 74
	leave         = 90
	left          = 149
)

// What is kept, below the stack pointer: from lowest up flags, rdx, rdi, r10, r9, r8, rbp, rbx.
const (
	keptOff  = 192
	keptSize = 64
)

// Flags that LAHF keeps, and the overflow flag.
const (
	arithmetic = 0xd5
	overflow   = 0x800
)

// syscallLength is that of the syscall instruction.
const syscallLength = 2

// Undo puts the registers of a thread that stands in the code, which lies at base, back to
// the syscall instruction which the code stands for, or on behind it if the call has been made; site finds the call made by the instruction that ends at an address. False: it is
// not in the code, or nothing is known of where it came from, and nothing was changed.
func (c Code) Undo(r *image.Regs, base uint64, site func(behind uint64) (nr uint32, known bool), read func(at uint64, b []byte) error) bool {
	off := r.Rip - base
	if off >= uint64(len(c)) || int64(r.OrigRax) >= 0 {
		return false
	}
	nr, known := site(r.Rcx)
	if !known {
		return false
	}
	result, made := r.Rax, off >= leave && off < left && r.R11 == r.Rcx
	if off >= answer && off < leave {
		result, made = r.R9, true
	}
	if off >= registersKept {
		var kept [keptSize]byte
		if read(r.Rsp-keptOff, kept[:]) != nil {
			return false // they were written there: it has been unmapped by another process
		}
		for i, to := range []*uint64{&r.Rdx, &r.Rdi, &r.R10, &r.R9, &r.R8, &r.Rbp, &r.Rbx} {
			*to = le.Uint64(kept[8+8*i:])
		}
		if off >= flagsKept {
			r.Eflags = r.Eflags&^(arithmetic|overflow) | uint64(kept[1])&arithmetic
			if kept[0] != 0 {
				r.Eflags |= overflow
			}
		}
	}
	r.Rax, r.Rip = uint64(nr), r.Rcx-syscallLength
	if made {
		r.Rax, r.Rip = result, r.Rcx
	}
	return true
}
