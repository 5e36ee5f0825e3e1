#include "textflag.h"

// Offsets in a slot; slot.go has the same.
#define CALL 0x00
#define DONE 0x40
#define NR   0x80
#define RESULT 0xb8

// The code is copied into other processes from here up to the marker, so it
// must not refer to anything outside itself. R14 holds the stack pointer
// across the call: clone gives the child another one.
TEXT ·code(SB), NOSPLIT|NOFRAME, $0-0
wait:
	MOVL CALL(BX), AX
	MOVL AX, CX
	ANDL $~1, CX
	CMPL CX, R12
	JNE  run
	MOVL AX, DX
	TESTL $1, AX
	JNE  sleep
	ORL  $1, DX
	LOCK
	CMPXCHGL DX, CALL(BX)
	JNE  wait
sleep:
	LEAQ CALL(BX), DI
	XORL SI, SI  // FUTEX_WAIT, shared
	XORL R10, R10
	MOVL $202, AX
	SYSCALL
	JMP  wait
run:
	MOVL CX, R12
	MOVQ NR(BX), AX
	MOVQ (NR+0x08)(BX), DI
	MOVQ (NR+0x10)(BX), SI
	MOVQ (NR+0x18)(BX), DX
	MOVQ (NR+0x20)(BX), R10
	MOVQ (NR+0x28)(BX), R8
	MOVQ (NR+0x30)(BX), R9
	MOVQ SP, R14
	SYSCALL
	CMPQ SP, R14
	JNE  child
	MOVQ AX, RESULT(BX)
	MOVL R12, AX
	XCHGL AX, DONE(BX)
	TESTL $1, AX
	JEQ  wait
	LEAQ DONE(BX), DI
	MOVL $1, SI  // FUTEX_WAKE, shared
	MOVL $1, DX
	XORL R10, R10
	MOVL $202, AX
	SYSCALL
	JMP  wait
child:
	MOVQ SP, BX
	XORL R12, R12
	JMP  wait
	// the marker: eight bytes that no code above contains
	BYTE $0x0f; BYTE $0x0b; BYTE $0x0f; BYTE $0x0b
	BYTE $0x0f; BYTE $0x0b; BYTE $0x0f; BYTE $0x0b
	RET

// func codeAddress() unsafe.Pointer
TEXT ·codeAddress(SB), NOSPLIT, $0-8
	LEAQ ·code(SB), AX
	MOVQ AX, ret+0(FP)
	RET
