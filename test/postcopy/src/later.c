// Holds argv[2] MB of memory that it knows, and in argv[1]'s way uses it all the
// time. At the end (SIGTERM) it, or a child that it leaves, looks at all of it: "right".
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, MOST = 512, WORDS = PAGE / 8 };

static volatile sig_atomic_t end;
static void stop(int sig) { (void)sig; end = 1; }

static _Thread_local uint64_t state = 88172645463325252ull;
static uint64_t draw(void) {
	state ^= state << 13;
	state ^= state >> 7;
	return state ^= state << 17;
}

// A region of memory and what is in each of its pages: 0, or a number.
struct region {
	uint64_t *at;
	size_t pages;
	uint64_t *number;
};
static struct region regions[MOST];
static int count;
static uint64_t last;

static void wrong(const char *what, struct region *r, size_t page, uint64_t has, uint64_t should) {
	printf("WRONG: %s: region %d of %zu pages at %p, page %zu has %#lx, not %#lx\n", what, (int)(r - regions), r->pages, (void *)r->at, page, has, should);
	fflush(stdout);
	_exit(1);
}

static uint64_t word(uint64_t number, size_t i) { return number ? number * 0x9e3779b97f4a7c15ull + i : 0; }

static void put(struct region *r, size_t page) {
	uint64_t n = r->number[page] = ++last;
	uint64_t *p = r->at + page * WORDS;
	for (size_t i = 0; i < WORDS; i++) p[i] = word(n, i);
}

static void look(const char *what, struct region *r, size_t page) {
	uint64_t n = r->number[page], *p = r->at + page * WORDS;
	size_t at[] = {0, draw() % WORDS, WORDS - 1};
	for (int i = 0; i < 3; i++)
		if (p[at[i]] != word(n, at[i])) wrong(what, r, page, p[at[i]], word(n, at[i]));
}

static void make(struct region *r, size_t pages, int fill) {
	r->at = mmap(0, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r->at == MAP_FAILED) exit(3);
	r->pages = pages;
	r->number = calloc(pages, 8);
	for (size_t i = 0; fill && i < pages; i++) put(r, i);
}

static void all(const char *what) {
	for (int k = 0; k < count; k++)
		for (size_t i = 0; i < regions[k].pages; i++) look(what, &regions[k], i);
}

static struct region *any(void) { return &regions[draw() % count]; }

// drop, move, replace: what programs do with memory.
static void drop(struct region *r) {
	size_t from = draw() % r->pages, n = 1 + draw() % (r->pages - from < 32 ? r->pages - from : 32);
	if (madvise(r->at + from * WORDS, n * PAGE, MADV_DONTNEED)) exit(4);
	memset(r->number + from, 0, n * 8);
	look("dropped", r, from);
	put(r, from);
}

// renew is what a C library does where mremap fails, as it may when mappings have
// not become one again.
static uint64_t *renew(struct region *r, size_t pages, void *place) {
	int fixed = place ? MAP_FIXED : 0;
	uint64_t *to = mmap(place, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | fixed, -1, 0);
	if (to == MAP_FAILED) exit(5);
	memcpy(to, r->at, (r->pages < pages ? r->pages : pages) * PAGE);
	munmap(r->at, r->pages * PAGE);
	return to;
}

static void resize(struct region *r) {
	size_t before = r->pages, pages = before < 3000 ? before / 2 + 3 + draw() % (before + 8) : before / 2;
	uint64_t *to = mremap(r->at, before * PAGE, pages * PAGE, MREMAP_MAYMOVE);
	if (to == MAP_FAILED) to = renew(r, pages, 0);
	r->number = realloc(r->number, pages * 8);
	for (size_t i = before; i < pages; i++) r->number[i] = 0;
	r->at = to;
	r->pages = pages;
	look("resized", r, draw() % pages);
	look("resized, its end", r, pages - 1);
	for (size_t i = before; i < pages; i++) put(r, i);
}

static void transfer(struct region *r) { // to a place of another mapping
	uint64_t *place = mmap(0, r->pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	place[0] = 1;
	uint64_t *to = mremap(r->at, r->pages * PAGE, r->pages * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place);
	if (to == MAP_FAILED) to = renew(r, r->pages, place);
	r->at = to;
	look("moved", r, draw() % r->pages);
}

static void replace(struct region *r) {
	size_t pages = r->pages;
	if (draw() % 2) { // at the same place
		if (mmap(r->at, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED) exit(7);
		memset(r->number, 0, pages * 8);
	} else {
		munmap(r->at, pages * PAGE);
		free(r->number);
		make(r, pages, 0);
	}
	look("replaced", r, draw() % pages);
	for (size_t i = 0; i < pages; i++) put(r, i);
}

static void protect(struct region *r) { // and back
	if (mprotect(r->at, r->pages * PAGE, PROT_READ)) exit(8);
	look("protected", r, draw() % r->pages);
	if (mprotect(r->at, r->pages * PAGE, PROT_READ | PROT_WRITE)) exit(8);
}

// through: the kernel reads a page, and writes one.
static void through(int p[2], struct region *r) {
	size_t from = draw() % r->pages, to = draw() % r->pages;
	if (write(p[1], r->at + from * WORDS, PAGE) != PAGE) exit(9);
	if (read(p[0], r->at + to * WORDS, PAGE) != PAGE) exit(9);
	r->number[to] = r->number[from];
	look("through a pipe", r, to);
}

static void child(void) {
	pid_t c = fork();
	if (c == 0) {
		for (int i = 0; i < 50; i++) {
			struct region *r = any();
			look("in a child", r, draw() % r->pages);
			put(r, draw() % r->pages); // its own
		}
		_exit(0);
	}
	int status;
	if (c < 0 || waitpid(c, &status, 0) != c || status) {
		printf("WRONG: a child ends with %#x\n", status);
		exit(1);
	}
}

static atomic_int looked;
static void *looker(void *seed) {
	state += (uintptr_t)seed * 1000003;
	for (int i = 0; i < 200 && !end; i++) {
		struct region *r = any();
		look("in a thread", r, draw() % r->pages);
		looked++;
	}
	return 0;
}

int main(int argc, char **argv) {
	if (argc != 3) return 2;
	const char *way = argv[1];
	size_t left = (size_t)atoi(argv[2]) << 8;
	while (left) {
		size_t n = 1 + draw() % 2048;
		if (n > left || count == MOST - 1) n = left;
		make(&regions[count++], n, 1);
		left -= n;
	}
	signal(SIGTERM, stop);
	int p[2];
	if (pipe(p)) return 3;
	printf("%d\n", getpid());
	fflush(stdout);
	if (!strcmp(way, "wait") || !strcmp(way, "leave")) {
		while (!end) for (volatile int i = 0; i < 100000; i++) ;
	}
	for (uint64_t n = 0; !end; n++) {
		struct region *r = any();
		if (!strcmp(way, "read")) {
			look("read", r, draw() % r->pages);
		} else if (!strcmp(way, "write")) {
			put(r, draw() % r->pages);
			look("read", any(), 0);
		} else if (!strcmp(way, "fork")) {
			child();
		} else if (!strcmp(way, "threads")) {
			pthread_t t[8];
			for (uintptr_t i = 0; i < 8; i++) if (pthread_create(&t[i], 0, looker, (void *)(n * 8 + i + 1))) return 3;
			for (int i = 0; i < 8; i++) pthread_join(t[i], 0);
		} else if (!strcmp(way, "map")) {
			switch (draw() % 64) {
			case 0: case 1: case 2: case 3: drop(r); break;
			case 4: resize(r); break;
			case 5: transfer(r); break;
			case 6: if (draw() % 8 == 0) replace(r); break;
			case 7: protect(r); break;
			case 8: through(p, r); break;
			case 9: case 10: case 11: case 12: case 13: case 14: put(r, draw() % r->pages); break;
			default: look("read", r, draw() % r->pages);
			}
		} else {
			return 2;
		}
	}
	if (!strcmp(way, "leave") && fork()) _exit(0); // a daemon does so
	all("at the end");
	puts("right");
	return 0;
}
