// Every vector register keeps every bit while the program computes on, whatever width the machine has.
// quick
#include "zoo.h"
static unsigned char in[2048] __attribute__((aligned(64))), out[2048] __attribute__((aligned(64)));
#define LOADX(n) "movdqa " #n "*16(%0), %%xmm" #n "\n\t"
#define LOADY(n) "vmovdqa " #n "*32(%0), %%ymm" #n "\n\t"
#define LOADZ(n) "vmovdqa64 " #n "*64(%0), %%zmm" #n "\n\t"
#define SAVEX(n) "movdqa %%xmm" #n ", " #n "*16(%1)\n\t"
#define SAVEY(n) "vmovdqa %%ymm" #n ", " #n "*32(%1)\n\t"
#define SAVEZ(n) "vmovdqa64 %%zmm" #n ", " #n "*64(%1)\n\t"
#define LOW(op) op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) op(12) op(13) op(14) op(15)
#define HIGH(op) op(16) op(17) op(18) op(19) op(20) op(21) op(22) op(23) op(24) op(25) op(26) op(27) op(28) op(29) op(30) op(31)
// Round the wait goes a loop of some milliseconds that makes no call.
#define WAIT "movl $6000000, %%ecx\n1:\tdecl %%ecx\n\tjnz 1b\n\t"
#define ALL "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
static size_t round_trip(void) {
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) {
		asm volatile(LOW(LOADZ) HIGH(LOADZ) "kmovq (%0), %%k1\n\tkmovq 8(%0), %%k7\n\t" WAIT LOW(SAVEZ) HIGH(SAVEZ)
			"kmovq %%k1, %%rax\n\tkmovq %%k7, %%rdx\n\tvzeroupper\n\tcmpq (%0), %%rax\n\tjne 2f\n\tcmpq 8(%0), %%rdx\n\tje 3f\n2:\tud2\n3:"
			: : "r"(in), "r"(out) : ALL, "rax", "rcx", "rdx", "memory", "cc");
		return 2048;
	}
	if (__builtin_cpu_supports("avx")) {
		asm volatile(LOW(LOADY) WAIT LOW(SAVEY) "vzeroupper" : : "r"(in), "r"(out) : ALL, "rcx", "memory", "cc");
		return 512;
	}
	asm volatile(LOW(LOADX) WAIT LOW(SAVEX) : : "r"(in), "r"(out) : ALL, "rcx", "memory", "cc");
	return 256;
}
int main(void) {
	uint64_t x = 0xfeedface;
	ready();
	while (more()) {
		for (int i = 0; i < 256; i++) ((uint64_t *)in)[i] = random_next(&x);
		size_t n = round_trip();
		must(!memcmp(in, out, n));
	}
	return ok();
}
