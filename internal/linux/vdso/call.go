package vdso

import (
	"encoding/binary"
	"strings"
)

// Call is a system call that a stand-in makes itself, before it has done anything else: who is in it can begin anew at the
// function's entry, wherever the process goes on. A call that this kernel's vDSO makes lies in code that no other node has.
type Call struct {
	Entry  uint64 // of the function
	Behind uint64 // the instruction that makes the call
}

// calling are functions that make a system call for clocks that a vDSO does not know, such as those of CPU time, and the calls.
var calling = map[string]uint32{"clock_gettime": 228, "clock_getres": 229}

// readable are the clocks that a vDSO may tell by itself, as bits: real time, monotonic time, raw, both coarse ones, time since the boot, TAI.
const readable = 1<<0 | 1<<1 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<11

// standIn is the code in place of a function, which leads to this kernel's; behind is where that makes a call by itself, 0: it does not.
func standIn(name string, to, room uint64) (code []byte, behind uint64) {
	nr, calls := calling[strings.TrimPrefix(name, "__vdso_")]
	if !calls {
		return jump(to), 0
	}
	code = []byte{
		0x83, 0xff, 0x1f, // cmp $31,%edi
		0x77, 0x17, // ja call
		0xb8, readable & 0xff, readable >> 8, 0, 0, // mov $readable,%eax
		0x0f, 0xa3, 0xf8, // bt %edi,%eax
		0x73, 0x0d, // jnc call
	}
	code = append(code, jump(to)...)
	code = binary.LittleEndian.AppendUint32(append(code, 0xb8), nr) // call: mov $nr,%eax
	code = append(code, 0x0f, 0x05)                                 // syscall
	behind = uint64(len(code))
	code = append(code, 0xc3) // ret
	if uint64(len(code)) > room {
		return jump(to), 0
	}
	return code, behind
}
