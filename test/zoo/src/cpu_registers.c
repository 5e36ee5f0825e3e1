// The general registers and the flags keep their values at any instruction a move may come upon.
// quick
#include "zoo.h"
int main(void) {
	ready();
	while (more()) {
		uint64_t bad, flags;
		asm volatile("pushq %%rbp\n\tpushq %%rbx\n\t"
			"movabsq $0x1111111111111111, %%rax\n\tmovabsq $0x2222222222222222, %%rbx\n\tmovabsq $0x3333333333333333, %%rdx\n\t"
			"movabsq $0x4444444444444444, %%rsi\n\tmovabsq $0x5555555555555555, %%rdi\n\tmovabsq $0x6666666666666666, %%rbp\n\t"
			"movq %%rax, %%r8\n\tmovq %%rbx, %%r9\n\tmovq %%rdx, %%r10\n\tmovq %%rsi, %%r11\n\tmovq %%rdi, %%r12\n\tmovq %%rbp, %%r13\n\t"
			"xorl %%r15d, %%r15d\n\tmovl $6000000, %%ecx\n\tstd\n\tstc\n"
			"1:\tleal -1(%%ecx), %%ecx\n\tjrcxz 2f\n\tjmp 1b\n2:\tpushfq\n\tpopq %%r14\n\tcld\n\t"
			"cmpq %%r8, %%rax\n\tsetne %%cl\n\torb %%cl, %%r15b\n\tcmpq %%r9, %%rbx\n\tsetne %%cl\n\torb %%cl, %%r15b\n\t"
			"cmpq %%r10, %%rdx\n\tsetne %%cl\n\torb %%cl, %%r15b\n\tcmpq %%r11, %%rsi\n\tsetne %%cl\n\torb %%cl, %%r15b\n\t"
			"cmpq %%r12, %%rdi\n\tsetne %%cl\n\torb %%cl, %%r15b\n\tcmpq %%r13, %%rbp\n\tsetne %%cl\n\torb %%cl, %%r15b\n\t"
			"movabsq $0x4444444444444444, %%r8\n\tcmpq %%r8, %%rsi\n\tsetne %%cl\n\torb %%cl, %%r15b\n\t"
			"popq %%rbx\n\tpopq %%rbp\n\tmovq %%r15, %0\n\tmovq %%r14, %1"
			: "=m"(bad), "=m"(flags)
			: : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
		same(bad, 0);
		same(flags & 0x401, 0x401); // direction and carry, set before the loop
	}
	return ok();
}
