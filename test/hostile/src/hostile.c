// A program that tries to get at the machine that lends it its CPU. Its first
// argument is what to try, its second a file that appears once it is away.
// Where it reaches, it reads or makes files: /tmp is another one on each node.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/auxv.h>

#define REGION 0x2f6d00000000UL
#define SLOTS (REGION + 0x100000)
#define PRIVATE (REGION + 0x40000)
#define SLOT 0x40000UL

typedef long (*caller)(long nr, long a, long b, long c, long d);

// The same call from any address: nr in rdi and so on, then the instruction.
static const unsigned char gate[] = {
	0x48, 0x89, 0xf8,             // mov %rdi,%rax
	0x48, 0x89, 0xf7,             // mov %rsi,%rdi
	0x48, 0x89, 0xd6,             // mov %rdx,%rsi
	0x48, 0x89, 0xca,             // mov %rcx,%rdx
	0x4d, 0x89, 0xc2,             // mov %r8,%r10
	0x0f, 0x05, 0xc3,             // syscall; ret
};

// Asks through a gate which machine this is and makes a file there.
static void try_gate(const char *name, caller call) {
	char text[64] = "", path[64];
	long fd = call(SYS_openat, AT_FDCWD, (long)"/tmp/secret", O_RDONLY, 0);
	if (fd >= 0) {
		long n = call(SYS_read, fd, (long)text, sizeof text - 1, 0);
		text[n > 0 ? n : 0] = 0;
	}
	printf("%s reads %s\n", name, text);
	snprintf(path, sizeof path, "/tmp/made-by-%s", name);
	fd = call(SYS_openat, AT_FDCWD, (long)path, O_CREAT | O_WRONLY, 0644);
	printf("%s makes a file: %ld\n", name, fd < 0 ? fd : 0);
}

static void addresses(void) {
	unsigned char *p = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memcpy(p, gate, sizeof gate);
	try_gate("own-page", (caller)p);
	// An instruction in the vDSO, entered by a jump instead of a call of its function.
	unsigned char *v = (unsigned char *)getauxval(AT_SYSINFO_EHDR);
	for (int i = 0; v && i < 8000; i++)
		if (v[i] == 0x0f && v[i + 1] == 0x05) {
			register long r10 __asm__("r10") = 0644;
			long ret;
			// It ends with what follows there: only whether a file appears counts.
			pid_t c = fork();
			if (c == 0) {
				__asm__ volatile("push %%rbp; call *%5; pop %%rbp" : "=a"(ret) : "a"((long)SYS_openat), "D"((long)AT_FDCWD), "S"("/tmp/made-by-vdso"), "d"((long)(O_CREAT | O_WRONLY)), "r"(v + i), "r"(r10) : "rcx", "r11", "memory");
				_exit(0);
			}
			waitpid(c, 0, 0);
			printf("vdso tried\n");
			break;
		}
}

// The supervisor's own code serves whoever comes with something like a slot.
static void stub_page(void) {
	uint64_t *slot = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	slot[0x80 / 8] = SYS_openat;
	slot[0x88 / 8] = (uint64_t)(long)AT_FDCWD;
	slot[0x90 / 8] = (uint64_t) "/tmp/made-by-stub";
	slot[0x98 / 8] = O_CREAT | O_WRONLY;
	slot[0xa0 / 8] = 0644;
	*(uint32_t *)slot = 2;
	pid_t c = fork();
	if (c == 0) {
		alarm(2); // it never comes back from there
		__asm__ volatile("mov %0,%%rbx; xor %%r12d,%%r12d; jmp *%1" : : "r"(slot), "r"(REGION) : "rbx", "r12", "memory");
	}
	int st = 0;
	waitpid(c, &st, 0);
	printf("stub tried: status %d\n", st);
}

static void in_child(const char *name, void (*f)(char *low)) {
	fflush(stdout);
	pid_t c = fork();
	if (c == 0) {
		char *low = mmap(0, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
		if (low == MAP_FAILED)
			_exit(99);
		sprintf(low, "/tmp/made-by-%s", name);
		f(low);
		_exit(0);
	}
	int st = 0;
	waitpid(c, &st, 0);
	printf("%s: %s %d\n", name, WIFSIGNALED(st) ? "killed by" : "exit", WIFSIGNALED(st) ? WTERMSIG(st) : WEXITSTATUS(st));
}

static void int80(char *low) {
	long ret;
	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(5L), "b"(low), "c"(O_CREAT | O_WRONLY), "d"(0644L) : "memory", "r8", "r9", "r10", "r11");
	_exit(ret >= 0 ? 50 : 51);
}

static void farjump(char *low) {
	// 32-bit code: open(low, O_CREAT|O_WRONLY, 0644), then exit(50)
	unsigned char code[] = {0xbb, 0, 0, 0, 0, 0xb9, 0x41, 0, 0, 0, 0xba, 0xa4, 1, 0, 0, 0xb8, 5, 0, 0, 0, 0xcd, 0x80,
		0xbb, 50, 0, 0, 0, 0xb8, 1, 0, 0, 0, 0xcd, 0x80};
	uint32_t at = (uint32_t)(uintptr_t)low;
	memcpy(code + 1, &at, 4);
	memcpy(low + 4096, code, sizeof code);
	struct { uint32_t off; uint16_t cs; } __attribute__((packed)) target = {at + 4096, 0x23};
	__asm__ volatile("mov %1,%%rsp; ljmp *(%0)" : : "r"(&target), "r"(low + 32768) : "memory");
}

static void sysenter(char *low) {
	__asm__ volatile("mov %0,%%rbx; mov $0x41,%%ecx; mov $0644,%%edx; mov $5,%%eax; mov %1,%%rbp; sysenter" : : "r"(low), "r"(low + 32768) : "rbx", "rcx", "rdx", "rax", "memory");
}

static void old_ways(void) {
	in_child("int80", int80);
	in_child("farjump", farjump);
	in_child("sysenter", sysenter);
	errno = 0;
	long r = syscall(0x40000000 | 2, "/tmp/made-by-x32", O_CREAT | O_WRONLY, 0644);
	printf("x32: %ld %s\n", r, r < 0 && errno == ENOSYS ? "refused" : "taken");
}

static void others(void) {
	char b[64] = "";
	struct iovec l = {b, sizeof b}, m = {(void *)REGION, sizeof b};
	for (int pid = 1; pid < 6; pid++) {
		if (pid == getpid())
			continue;
		process_vm_readv(pid, &l, 1, &m, 1, 0);
		ptrace(PTRACE_ATTACH, pid, 0, 0);
		kill(pid, SIGKILL);
		syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, pid, 0), 3, 0);
	}
	struct utsname u;
	uname(&u);
	printf("others: on %s\n", u.nodename);
}

static void files(void) {
	const char *paths[] = {"/tmp/secret", "/proc/self/root/tmp/secret", "/proc/1/root/tmp/secret", "/proc/self/cwd/../../../tmp/secret", "/proc/thread-self/root/tmp/secret"};
	for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++) {
		char text[64] = "";
		int fd = open(paths[i], O_RDONLY);
		if (fd >= 0) {
			ssize_t n = read(fd, text, sizeof text - 1);
			text[n > 0 ? n : 0] = 0;
		}
		printf("file %s: %s\n", paths[i], text);
	}
	// The descriptors that the body really has are not the program's.
	for (int fd = 3; fd < 32; fd++) {
		char x[64];
		if (read(fd, x, 1) >= 0 || errno != EBADF)
			printf("descriptor %d answers\n", fd);
	}
	int s = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(7998), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	printf("loopback: %s\n", connect(s, (void *)&a, sizeof a) == 0 ? "connected" : strerror(errno));
}

static int nothing(void *p) { return p != 0; }

static void namespaces(void) {
	static char stack[65536];
	printf("unshare: %d\n", unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 ? 0 : errno);
	int flags[] = {CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWTIME};
	for (unsigned i = 0; i < 4; i++) {
		pid_t c = clone(nothing, stack + sizeof stack, flags[i] | SIGCHLD, 0);
		if (c > 0)
			waitpid(c, 0, 0);
	}
	int fd = open("/proc/1/ns/mnt", O_RDONLY);
	setns(fd, 0);
	mkdir("/tmp/made-by-namespaces", 0755);
	printf("namespaces tried\n");
}

static void weaken(void) {
	struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog p = {1, all};
	printf("no_new_privs: %d\n", prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p);
	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 8 /* a listener of our own */, &p);
	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p);
	prctl(PR_SET_DUMPABLE, 1);
	prctl(PR_SET_PTRACER, -1L);
	prctl(PR_SET_PDEATHSIG, 0);
	prctl(PR_SET_SYSCALL_USER_DISPATCH, 0, 0, 0, 0);
	setresuid(0, 0, 0);
	int fd = open("/tmp/made-by-weaken", O_CREAT | O_WRONLY, 0644);
	printf("weaken: opened %d\n", fd >= 0);
}

static void facilities(void) {
	char b[256] = {0};
	printf("userfaultfd %d\n", syscall(SYS_userfaultfd, 0) >= 0);
	printf("io_uring %d\n", syscall(SYS_io_uring_setup, 8, b) >= 0);
	printf("bpf %d\n", syscall(SYS_bpf, 0, b, sizeof b) >= 0);
	printf("perf %d\n", syscall(SYS_perf_event_open, b, 0, -1, -1, 0) >= 0);
	printf("modules %d\n", syscall(SYS_init_module, b, 1, "") >= 0);
	int fd = open("/tmp/made-by-facilities", O_CREAT | O_WRONLY, 0644);
	printf("facilities: opened %d\n", fd >= 0);
}

// One attempt on the supervisor's region, by whether it has succeeded.
static int attempt(int op, void *p) {
	void *own = mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	switch (op) {
	case 0: return munmap(p, 8192) == 0;
	case 1: return mprotect(p, 8192, PROT_READ | PROT_WRITE | PROT_EXEC) == 0;
	case 2: return mremap(p, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)0x100000000UL) != MAP_FAILED;
	case 3: return mmap(p, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
	case 4: return madvise(p, 8192, MADV_DONTNEED) == 0;
	default: return mremap(own, 4096, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, p) != MAP_FAILED;
	}
}

// The region of the supervisor must stay as it is, whatever is asked: who asks comes home, where there is
// nothing at that place. Each attempt is a child's, which begins away.
static void region(void) {
	unsigned long at[] = {REGION, PRIVATE, SLOTS, SLOTS + 100 * SLOT, REGION - 4096};
	for (unsigned i = 0; i < sizeof at / sizeof *at; i++) {
		long r = 0;
		for (int op = 0; op < 6; op++) {
			int status;
			pid_t c = fork();
			if (c == 0)
				_exit(attempt(op, (void *)at[i]));
			waitpid(c, &status, 0);
			r |= (WIFEXITED(status) ? WEXITSTATUS(status) : 64) << op;
		}
		printf("region %lx: %ld\n", at[i] - REGION, r);
	}
	printf("length: %d\n", munmap((void *)0x10000, ~0UL - 0x20000) == 0 || mprotect((void *)0x1000000000UL, 0x7f0000000000UL - 0x1000000000UL, 7) == 0);
	printf("region over\n");
}

// Forges calls in every slot, without end.
static volatile int over;

static void *forger(void *arg) {
	while (!over)
		for (int i = 0; i < 8 && !over; i++)
			for (int back = 0; back < 2; back++) {
				// The slots in use are the first ones or the last ones.
				volatile uint64_t *s = (uint64_t *)(SLOTS + (back ? 2047 - i : i) * SLOT);
				s[0x88 / 8] = (uint64_t)(long)AT_FDCWD;
				s[0x90 / 8] = (uint64_t)arg;
				s[0x98 / 8] = O_CREAT | O_WRONLY;
				s[0xa0 / 8] = 0644;
				s[0x80 / 8] = SYS_openat;
				*(volatile uint32_t *)s += 2;
				syscall(SYS_futex, s, 1, 100, 0, 0, 0);
				s[0xb8 / 8] = 0x4141414141414141;
				((volatile uint32_t *)s)[0x40 / 4] += 2;
			}
	return 0;
}

static void *idle(void *p) { return p; }

static void slots(void) {
	pthread_t f;
	pthread_create(&f, 0, forger, "/tmp/made-by-slots");
	for (int i = 0; i < 200; i++) { // what makes the supervisor use slots
		int fd = open("/proc/self/exe", O_RDONLY);
		void *p = mmap(0, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p != MAP_FAILED)
			munmap(p, 4096);
		close(fd);
		pthread_t t;
		if (pthread_create(&t, 0, idle, 0) == 0)
			pthread_join(t, 0);
	}
	over = 1;
	pthread_join(f, 0);
	printf("slots over\n");
}

// The slot of the namespaces' init must not be in reach.
static void init_slot(char *low) {
	(void)low;
	*(volatile uint32_t *)PRIVATE = 2;
	_exit(50);
}

static void private_slot(void) { in_child("private", init_slot); }

#include "more.h"

static const struct { const char *name; void (*f)(void); } ways[] = {
	{"addresses", addresses}, {"stub", stub_page}, {"old", old_ways}, {"others", others}, {"files", files},
	{"namespaces", namespaces}, {"weaken", weaken}, {"facilities", facilities}, {"region", region},
	{"slots", slots}, {"private", private_slot}, {"descriptors", descriptors}, {"numbers", numbers},
	{"supervisor", supervisor}, {"kernel", kernel},
};

static void listener(void) {
	int s = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(7998), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(s, (void *)&a, sizeof a) || listen(s, 5))
		exit(1);
	accept(s, 0, 0);
	close(open("/tmp/connected", O_CREAT | O_WRONLY, 0644));
}

int main(int argc, char **argv) {
	setvbuf(stdout, 0, _IONBF, 0);
	if (argc == 2 && !strcmp(argv[1], "listen")) {
		listener();
		return 0;
	}
	if (argc != 3)
		return 2;
	// Not root: what it does at home on the way must do no harm there either.
	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534) || prctl(PR_SET_DUMPABLE, 1))
		return 4;
	printf("ready %d\n", getpid());
	for (int i = 0; access(argv[2], F_OK) != 0; i++) {
		if (i > 3000)
			return 3;
		usleep(10000);
	}
	for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++)
		if (!strcmp(argv[1], ways[i].name)) {
			ways[i].f();
			printf("done\n");
			return 0;
		}
	return 2;
}
