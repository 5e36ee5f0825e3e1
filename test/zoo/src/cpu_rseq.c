// Restartable sequences: glibc's area stays registered, the CPU number is right, and a sequence interrupted by a move is restarted, not continued.
// quick
#include "zoo.h"
#include <sys/rseq.h>
enum { Cpus = 1024, N = 3 };
static struct { long n; char pad[56]; } count[Cpus];
static volatile int stop;
static struct rseq *area(void) { return (void *)((char *)__builtin_thread_pointer() + __rseq_offset); }
// bump adds one to this CPU's counter within a restartable sequence; 0: it was restarted.
static int bump(void) {
	struct rseq *r = area();
	uint32_t cpu = *(volatile uint32_t *)&r->cpu_id_start;
	must(cpu < Cpus);
	long *n = &count[cpu].n;
	asm goto(".pushsection __rseq_cs, \"aw\"\n\t.balign 32\n3:\n\t.long 0, 0\n\t.quad 1f, 2f-1f, 4f\n\t.popsection\n\t"
		"leaq 3b(%%rip), %%rax\n\tmovq %%rax, 8(%[r])\n1:\n\tcmpl %[cpu], 4(%[r])\n\tjnz 4f\n\t"
		"movq (%[n]), %%rcx\n\tmovl $40, %%edx\n5:\n\tdecl %%edx\n\tjnz 5b\n\taddq $1, %%rcx\n\tmovq %%rcx, (%[n])\n2:\n\t"
		"jmp 6f\n\t.long 0x53053053\n4:\n\tjmp %l[again]\n6:"
		: : [r] "r"(r), [cpu] "r"(cpu), [n] "r"(n) : "rax", "rcx", "rdx", "memory", "cc" : again);
	return 1;
again:
	return 0;
}
static void *work(void *p) {
	long n = 0;
	while (!stop)
		for (int i = 0; i < 1000; i++) n += bump();
	return (void *)n;
}
int main(void) {
	if (__rseq_size == 0) { // without it there is nothing to keep
		dprintf(1, "skip the C library registers no restartable sequences\n");
		return 77;
	}
	pthread_t t[N];
	for (int i = 0; i < N; i++) t[i] = thread(work, 0);
	ready();
	long wanted = 0, sum = 0;
	while (more()) {
		for (int i = 0; i < 100; i++) wanted += bump();
		int at = area()->cpu_id;
		must(at >= 0 && at < sysconf(_SC_NPROCESSORS_CONF));
		must(syscall(SYS_rseq, area(), 32, 0, 0x53053053) == -1); // one is registered already
		must(errno == EBUSY || errno == EINVAL);
	}
	stop = 1;
	for (int i = 0; i < N; i++) wanted += (long)join(t[i]);
	for (int i = 0; i < Cpus; i++) sum += count[i].n;
	same(sum, wanted);
	return ok();
}
