package vdso

import (
	"slices"
	"testing"

	"golang.org/x/arch/x86/x86asm"
)

// TestStandIn follows the code for each clock: what a vDSO may tell leads there, for all others the call is made
// and begins behind nothing that would have to be undone.
func TestStandIn(t *testing.T) {
	const to = 0x1122334455667788
	code, behind := standIn("__vdso_clock_gettime", to, 100)
	read := []int32{0, 1, 4, 5, 6, 7, 11}
	for _, clock := range []int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 31, 32, 1 << 30, -1, -6, -1 << 31} {
		at, eax := uint64(0), uint32(0)
		var carry, above bool
		var ends string
		for range 20 {
			in, err := x86asm.Decode(code[at:], 64)
			if err != nil {
				t.Fatalf("at %d: %v", at, err)
			}
			at += uint64(in.Len)
			jumps := false
			switch in.Op {
			case x86asm.CMP:
				above = uint32(clock) > uint32(in.Args[1].(x86asm.Imm))
			case x86asm.MOV:
				if in.Args[0] == x86asm.EAX {
					eax = uint32(in.Args[1].(x86asm.Imm))
				} else if in.Args[0] != x86asm.R11 || uint64(in.Args[1].(x86asm.Imm)) != to {
					t.Fatal(in)
				}
			case x86asm.BT:
				carry = eax>>uint(clock)&1 == 1
			case x86asm.JA:
				jumps = above
			case x86asm.JAE:
				jumps = !carry
			case x86asm.JMP:
				ends = "vDSO"
			case x86asm.SYSCALL:
				if at != behind || eax != 228 {
					t.Errorf("call %d ends at %d, told is %d", eax, at, behind)
				}
			case x86asm.RET:
				ends = "call"
			default:
				t.Fatalf("%v", in)
			}
			if jumps {
				at += uint64(in.Args[0].(x86asm.Rel))
			}
			if ends != "" {
				break
			}
		}
		want := "call"
		if slices.Contains(read, clock) {
			want = "vDSO"
		}
		if ends != want {
			t.Errorf("clock %d: %q, not %q", clock, ends, want)
		}
	}
	if code, behind := standIn("__vdso_clock_getres", to, 20); behind != 0 || len(code) != len(jump(to)) {
		t.Error("without room for more it is no jump alone")
	}
	if _, behind := standIn("__vdso_time", to, 100); behind != 0 {
		t.Error("time makes a call")
	}
}
