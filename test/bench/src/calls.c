// Measures on command. Each line of standard input names what to measure;
// the answer is one line with the nanoseconds one operation takes: the median
// of several batches.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *buf, *page;
static int file, sock, out_bytes, in_bytes;
static const char *path, *other;

static void op_getppid(void) { syscall(SYS_getppid); }
static void op_read4k(void) { if (pread(file, buf, 4096, 0) != 4096) exit(9); }
static void op_read64k(void) { if (pread(file, buf, 65536, 0) != 65536) exit(9); }
static void op_open(void) { close(open(path, O_RDONLY)); }
static void op_here(void) { madvise(page, 4096, MADV_NORMAL); }
static volatile unsigned long sink;
static void op_cpu(void) { unsigned long x = 1; for (int i = 0; i < 10000000; i++) x = x * 6364136223846793005UL + 1442695040888963407UL; sink = x; }
static void *nothing(void *p) { return p; }
static void op_thread(void) { pthread_t t; if (pthread_create(&t, 0, nothing, 0)) exit(9); pthread_join(t, 0); }
static void op_fork(void) { pid_t c = fork(); if (c == 0) _exit(0); waitpid(c, 0, 0); }
static void op_exec(void) {
	int status = 0;
	pid_t c = fork();
	if (c == 0) { execl(other, other, (char *)0); _exit(9); }
	if (waitpid(c, &status, 0) != c || status) exit(9);
}
static void whole(ssize_t (*f)(int, void *, size_t, int), int n) { for (int k = 0; k < n;) { ssize_t r = f(sock, buf + k, n - k, 0); if (r <= 0) exit(9); k += r; } }
static ssize_t put(int s, void *b, size_t n, int f) { return send(s, b, n, f); }
static void op_ping(void) { whole(put, out_bytes); whole(recv, in_bytes); }

static const struct { const char *name; void (*f)(void); int times; } ops[] = {
	{"getppid", op_getppid, 500}, {"read4k", op_read4k, 300}, {"read64k", op_read64k, 100}, {"open", op_open, 200},
	{"here", op_here, 20000}, {"cpu", op_cpu, 4}, {"thread", op_thread, 30}, {"fork", op_fork, 15}, {"exec", op_exec, 15}, {"ping", op_ping, 500},
};

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1e9 + t.tv_nsec; }
static int less(const void *a, const void *b) { double x = *(double *)a, y = *(double *)b; return x < y ? -1 : x > y; }

static void measure(const char *name) {
	for (unsigned i = 0; i < sizeof ops / sizeof *ops; i++) {
		if (strcmp(name, ops[i].name))
			continue;
		double t[7];
		for (int b = 0; b < 7; b++) {
			double start = now();
			for (int k = 0; k < ops[i].times; k++)
				ops[i].f();
			t[b] = (now() - start) / ops[i].times;
		}
		qsort(t, 7, sizeof *t, less);
		printf("%.1f\n", t[3]);
		return;
	}
	printf("unknown\n");
}

static void serve(int port) {
	int one = 1, l = socket(AF_INET, SOCK_STREAM, 0), bytes[2];
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(l, (void *)&a, sizeof a) || listen(l, 5))
		exit(9);
	puts("listening");
	for (;;) {
		sock = accept(l, 0, 0);
		setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		if (recv(sock, bytes, sizeof bytes, MSG_WAITALL) == sizeof bytes)
			for (;;) {
				ssize_t r = recv(sock, buf, bytes[0], MSG_WAITALL);
				if (r != bytes[0])
					break;
				in_bytes = bytes[1];
				whole(put, in_bytes);
			}
		close(sock);
	}
}

static void dial(const char *addr, int port) {
	int one = 1, bytes[2] = {out_bytes, in_bytes};
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	inet_pton(AF_INET, addr, &a.sin_addr);
	if (sock)
		close(sock);
	sock = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(sock, (void *)&a, sizeof a))
		exit(9);
	setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	send(sock, bytes, sizeof bytes, 0);
}

int main(int argc, char **argv) {
	setvbuf(stdout, 0, _IONBF, 0);
	buf = calloc(1, 1 << 20);
	page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (argc == 3 && !strcmp(argv[1], "serve"))
		serve(atoi(argv[2]));
	path = argv[1];
	file = open(path, O_RDONLY);
	other = argv[2];
	if (argc != 3 || file < 0)
		return 2;
	printf("%d\n", getpid());
	char line[100], addr[50];
	int port;
	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = 0;
		if (sscanf(line, "dial %49s %d %d %d", addr, &port, &out_bytes, &in_bytes) == 4) {
			dial(addr, port);
			printf("0\n");
			continue;
		}
		measure(line);
	}
	return 0;
}
