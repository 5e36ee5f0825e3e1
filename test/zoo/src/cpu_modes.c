// Rounding modes, exception masks, the x87 stack, flags and the segment bases are as the program set them.
#include "zoo.h"
#include <asm/prctl.h>
int main(void) {
	static char gs[64] = "at gs";
	uint64_t fs0 = 0, fs1, gs1;
	must(!syscall(SYS_arch_prctl, ARCH_GET_FS, &fs0));
	must(!syscall(SYS_arch_prctl, ARCH_SET_GS, gs));
	uint32_t mxcsr = 0x5f80, got; // round up, denormals kept
	uint16_t cw = 0x0e7f, cw1, sw;   // round to zero, double precision
	double deep[3] = {1.25, -7.5, 1e300}, back[3];
	ready();
	while (more()) {
		asm volatile("ldmxcsr %0\n\tfninit\n\tfldcw %1" : : "m"(mxcsr), "m"(cw));
		asm volatile("fldl %3\n\tfldl %4\n\tfldl %5\n\tmovl $4000000, %%ecx\n1:\tdecl %%ecx\n\tjnz 1b\n\t"
			"fnstsw %6\n\tfnstcw %7\n\tfstpl %2\n\tfstpl %1\n\tfstpl %0"
			: "=m"(back[0]), "=m"(back[1]), "=m"(back[2]) : "m"(deep[0]), "m"(deep[1]), "m"(deep[2]), "m"(sw), "m"(cw1) : "ecx", "memory", "cc");
		must(!memcmp(deep, back, sizeof deep));
		same(sw >> 11 & 7, 5);
		same(cw1, cw);
		asm volatile("stmxcsr %0" : "=m"(got));
		same(got & ~0x3f, mxcsr);
		must(!syscall(SYS_arch_prctl, ARCH_GET_FS, &fs1) && !syscall(SYS_arch_prctl, ARCH_GET_GS, &gs1));
		same(fs1, fs0);
		same(gs1, gs);
		char c;
		asm volatile("movb %%gs:3, %0" : "=r"(c));
		same(c, 'g');
	}
	return ok();
}
