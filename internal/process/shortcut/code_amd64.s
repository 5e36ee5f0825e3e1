#include "textflag.h"

// Below the red zone of 128 bytes; code.go has the same.
#define KEPT_BX    -136(SP)
#define KEPT_BP    -144(SP)
#define KEPT_R8    -152(SP)
#define KEPT_R9    -160(SP)
#define KEPT_R10   -168(SP)
#define KEPT_DI    -176(SP)
#define KEPT_FLAGS -184(SP)

// Offsets in a control word, in the table and in an entry; table.go has the same.
#define VIEW       4
#define ENTRIES    0x2000
#define MASK       2047
#define SHIFT      7
#define HASH       4
#define NR         8
#define LENGTH     10
#define RESULT     12
#define ENTRY_VIEW 16
#define PATH       24
#define LONGEST    104

// The code is copied into other processes from here up to the marker. AX holds the
// call's number, CX the address behind its syscall instruction, R11 that of the
// process's control word: the three registers that the instruction itself does not keep.
//
// The first six instructions and the next four are known by their lengths: code.go.
TEXT ·code(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ BX, KEPT_BX
	MOVQ BP, KEPT_BP
	MOVQ R8, KEPT_R8
	MOVQ R9, KEPT_R9
	MOVQ R10, KEPT_R10
	MOVQ DI, KEPT_DI
	MOVL AX, BX
	LAHF
	SETOS AL
	MOVL AX, KEPT_FLAGS

	MOVL (R11), R8
	TESTL R8, R8
	JEQ  miss
	CMPL BX, $257 // openat, of what is not to be made
	JEQ  openat
	CMPL BX, $89  // readlink, into a buffer
	JEQ  readlink
	CMPL BX, $262 // newfstatat, with flags that change nothing
	JNE  miss
	TESTL $-0x901, R10
	JNE  miss
	JMP  at
openat:
	TESTL $0x400040, DX
	JNE  miss
at:
	CMPL DI, $-100 // AT_FDCWD
	JNE  miss
	MOVQ SI, DI
	JMP  look
readlink:
	TESTL DX, DX
	JLE  miss

look:
	XORL R8, R8 // the view of an absolute path
	MOVBLZX (DI), R9
	CMPL R9, $0x2f
	JEQ  absolute
	MOVL VIEW(R11), R8
	TESTL R8, R8
	JEQ  miss
absolute:
	MOVL R8, BP
	SHLL $9, BP
	ADDL BX, BP
	XORL R10, R10
character:
	MOVBLZX (DI)(R10*1), R9
	TESTL R9, R9
	JEQ  ended
	IMUL3L $0x01000193, BP, BP
	XORL R9, BP
	INCL R10
	CMPL R10, $LONGEST
	JCS  character
	JMP  miss
ended:
	MOVL BP, R9
	SHRL $15, R9
	XORL BP, R9
	ANDL $MASK, R9
	SHLL $SHIFT, R9
	ANDQ $-0x80000, R11
	LEAQ ENTRIES(R11)(R9*1), R11
	MOVL (R11), AX
	TESTL $1, AX
	JNE  miss
	CMPL BP, HASH(R11)
	JNE  miss
	MOVWLZX NR(R11), R9
	CMPL R9, BX
	JNE  miss
	MOVWLZX LENGTH(R11), R9
	CMPL R9, R10
	JNE  miss
	CMPL R8, ENTRY_VIEW(R11)
	JNE  miss
	XORL R9, R9
same:
	CMPL R9, R10
	JEQ  hit
	MOVBLZX (DI)(R9*1), R8
	MOVBLZX PATH(R11)(R9*1), BP
	CMPL R8, BP
	JNE  miss
	INCL R9
	JMP  same
hit:
	MOVLQSX RESULT(R11), R9
	CMPL AX, (R11)
	JNE  miss
	MOVL KEPT_FLAGS, AX
	ADDB $127, AL // overflows if there was an overflow
	SAHF
	MOVQ R9, AX
	MOVQ CX, R11
	JMP  leave
miss:
	MOVL KEPT_FLAGS, AX
	ADDB $127, AL
	SAHF
	MOVL BX, AX
	LEAQ -2(CX), R11 // the syscall instruction
leave:
	MOVQ KEPT_BX, BX
	MOVQ KEPT_BP, BP
	MOVQ KEPT_R8, R8
	MOVQ KEPT_R9, R9
	MOVQ KEPT_R10, R10
	MOVQ KEPT_DI, DI
	JMP  R11
	// the marker: eight bytes that no code above contains
	BYTE $0x0f; BYTE $0x0b; BYTE $0x0f; BYTE $0x0b
	BYTE $0x0f; BYTE $0x0b; BYTE $0x0f; BYTE $0x0b
	RET

// func codeAddress() unsafe.Pointer
TEXT ·codeAddress(SB), NOSPLIT, $0-8
	LEAQ ·code(SB), AX
	MOVQ AX, ret+0(FP)
	RET
