// Names that are asked for often are answered as at home: whatever interrupts the call, wherever its path and its stack are,
// and whoever else is made in between; and the call leaves registers and flags alone.
// build: -fno-omit-frame-pointer
// quick
#include "zoo.h"
#include <link.h>

static struct { uintptr_t from, to; } code[64];
static int codes;
static int segments(struct dl_phdr_info *i, size_t n, void *arg) {
	for (int k = 0; k < i->dlpi_phnum; k++) {
		const ElfW(Phdr) *p = &i->dlpi_phdr[k];
		if (p->p_type == PT_LOAD && p->p_flags & PF_X && codes < 64)
			code[codes].from = i->dlpi_addr + p->p_vaddr, code[codes].to = code[codes].from + p->p_filesz, codes++;
	}
	return 0;
}

// probe makes a call with every register known, on a stack of its own choice, and says whether one has changed.
// It gives what the call gave.
unsigned long changed;
__attribute__((noinline, naked)) static long probe(long nr_is_readlink, long a, long b, long c, long d, void *stack) {
	__asm__(
		"push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
		"mov %rsp, %r15; mov %rdi, %r14\n"
		"mov %rsi, %rdi; mov %rdx, %rsi; mov %rcx, %rdx; mov %r8, %r10\n"
		"test %r9, %r9; cmovnz %r9, %rsp\n"
		"mov %rdi, %r12; mov %rsi, %r13; movabs $0x1122334455667788, %rbx; lea 9(%rbx), %rbp; lea 7(%rbx), %r8; lea 5(%rbx), %r9\n"
		"test %r14, %r14; jz 1f\n"
		"cmp $-1, %rbx\n" // carry, no overflow
		"mov $89, %eax; syscall\n"
		"jmp 2f\n"
		"1: cmp $-1, %rbx\n"
		"mov $257, %eax; syscall\n"
		"2: setnc %cl; seto %r11b; or %r11b, %cl; movzbl %cl, %ecx\n"
		"mov %r15, %rsp\n"
		"xor %rdi, %r12; or %r12, %rcx; xor %rsi, %r13; or %r13, %rcx\n"
		"sub $9, %rbp; xor %rbx, %rbp; or %rbp, %rcx; sub $7, %r8; xor %rbx, %r8; or %r8, %rcx; sub $5, %r9; xor %rbx, %r9; or %r9, %rcx\n"
		"movabs $0x1122334455667788, %r8; xor %r8, %rbx; or %rbx, %rcx\n"
		"or %rcx, changed(%rip)\n"
		"pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx; ret\n");
}

static char to[64], *edge, *tight;
static long link_of(const char *path) { return probe(1, (long)path, (long)to, sizeof to, 0, 0); }
static long opened(const char *path) { return probe(0, AT_FDCWD, (long)path, O_RDONLY, 0, 0); }

static volatile int interrupted;
static void tick(int sig, siginfo_t *i, void *c) {
	uintptr_t at = ((ucontext_t *)c)->uc_mcontext.gregs[REG_RIP];
	int in = 0, keep = errno;
	for (int k = 0; k < codes; k++) in |= at >= code[k].from && at < code[k].to;
	must(in || at >> 32 == (uintptr_t)tick >> 32 || at >> 40 == 0x7f); // the vDSO's is no loaded segment
	fails(readlink("/usr", to, sizeof to), EINVAL);
	same(link_of("/usr/lib"), -EINVAL);
	interrupted++;
	errno = keep;
}

static void all(void) {
	for (int i = 0; i < 40; i++) {
		char other[64];
		same(link_of("/usr"), -EINVAL);
		same(link_of("/usr/no.such.name"), -ENOENT);
		same(opened("no.such.name/x"), -ENOENT);
		same(opened("/usr/no.such.name"), -ENOENT);
		same(probe(1, (long)"/usr", (long)other, 0, 0, 0), -EINVAL);
		fails(readlink("/usr", other, sizeof other), EINVAL);
		fails(open("/usr/no.such.name/x", O_RDONLY), ENOENT);
		fails(open("no.such.name/y", O_RDONLY), ENOENT);
		// A path that ends, and one that does not, at the end of what can be read; one that is none.
		same(link_of(strcpy(edge - 5, "/usr")), -EINVAL);
		memcpy(edge - 4, "/usr", 4);
		same(link_of(edge - 4), -EFAULT);
		same(link_of((char *)8), -EFAULT);
		same(link_of((char *)0x8000000000001234), -EFAULT);
		// With no stack below it.
		same(probe(1, (long)"/usr", (long)to, sizeof to, 0, tight + 8), -EINVAL);
		same(probe(1, (long)"/usr", (long)to, sizeof to, 0, tight + 150), -EINVAL);
	}
	same(changed, 0);
}

static void *threaded(void *arg) {
	for (int i = 0; i < 20; i++) {
		char other[64];
		fails(readlink("/usr", other, sizeof other), EINVAL);
		fails(open("no.such.name/x", O_RDONLY), ENOENT);
	}
	return 0;
}

int main(void) {
	dl_iterate_phdr(segments, 0);
	edge = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(edge != MAP_FAILED && !mprotect(edge += 4096, 4096, PROT_NONE));
	tight = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(tight != MAP_FAILED && !mprotect(tight, 4096, PROT_NONE));
	tight += 4096;
	must(!mkdir("a", 0700) && !mkdir("b", 0700) && !mkdir("b/no.such.name", 0700));
	must(close(open("b/no.such.name/x", O_CREAT | O_WRONLY, 0600)) == 0);
	static char altstack[1 << 16];
	stack_t alt = {.ss_sp = altstack, .ss_size = sizeof altstack};
	must(!sigaltstack(&alt, 0));
	handle(SIGALRM, tick, SA_ONSTACK | SA_RESTART);
	ready();
	while (more()) {
		all();
		struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
		must(!setitimer(ITIMER_REAL, &often, 0));
		interrupted = 0;
		do all(); while (!interrupted);
		must(!setitimer(ITIMER_REAL, &never, 0));
		// Another directory, and back.
		must(!chdir("b"));
		long fd = opened("no.such.name/x");
		must(fd >= 0 && !close(fd));
		same(opened("no.such.name/z"), -ENOENT);
		must(!chdir(".."));
		all();
		// Children in memory of their own and in this, and threads.
		pid_t c = child();
		if (c == 0) {
			must(!chdir("b"));
			fd = opened("no.such.name/x");
			must(fd >= 0);
			same(link_of("/usr"), -EINVAL);
			_exit(7);
		}
		all();
		exits(c, 7);
		c = vfork();
		if (c == 0) {
			if (chdir("b") || (fd = open("no.such.name/x", O_RDONLY)) < 0 || link_of("/usr") != -EINVAL) _exit(8);
			execl("/bin/sh", "sh", "-c", "exit 9", (char *)0);
			_exit(10);
		}
		exits(c, 9);
		all();
		pthread_t t = thread(threaded, 0);
		threaded(0);
		join(t);
		all();
		// What was not there is.
		must(!mkdir("no.such.name", 0700));
		must(close(open("no.such.name/x", O_CREAT | O_WRONLY, 0600)) == 0);
		fd = opened("no.such.name/x");
		must(fd >= 0 && !close(fd) && !unlink("no.such.name/x"));
		fails(open("no.such.name/x", O_RDONLY), ENOENT);
		same(link_of("no.such.name"), -EINVAL);
		must(!rmdir("no.such.name"));
		same(link_of("no.such.name"), -ENOENT);
	}
	return ok();
}
