// A long file read from one end to the other is at every read as it is then: rewritten, cut, longer, its offset moved or asked for by others.
// quick
#include "zoo.h"

// Word i of the file is its generation and i.
enum { words = 512 << 10, most = 300000 };
static const size_t sizes[] = {32768, 4096, 7000, 65536, 131072, 300000};
static int go[2], done[2], fd;
static volatile sig_atomic_t heard;
static uint32_t generation;

static void hear(int sig, siginfo_t *i, void *c) { (void)sig, (void)i, (void)c, heard = 1; }

static void fill(uint32_t g, int n) {
	static uint64_t b[words];
	for (uint64_t i = 0; i < (uint64_t)n; i++) b[i] = (uint64_t)g << 32 | i;
	int out = open("pieces", O_WRONLY | O_CREAT, 0600);
	must(out >= 0);
	give(out, b, n * 8L);
	must(!ftruncate(out, n * 8L) && !close(out));
}

// order has the other process do something; it answers, or sends a signal instead.
static void order(char what) {
	char b;
	give(go[1], &what, 1);
	if (what != 's' && what != 't') must(take(done[0], &b, 1));
}

static void other(void) {
	double rewritten = 0;
	char what;
	close(go[1]), close(done[0]);
	while (take(go[0], &what, 1)) {
		switch (what) {
		case 's': // in the middle of the other's reading
			nap(1);
			fill(++generation, words);
			must(!kill(getppid(), SIGUSR1));
			continue;
		case 't':
			nap(1);
			must(!truncate("pieces", 0) && !kill(getppid(), SIGUSR1));
			continue;
		case 'f':
			fill(++generation, words);
			break;
		case 'q': // without a word
			give(done[1], &what, 1);
			nap(20);
			fill(++generation, words);
			rewritten = now();
			continue;
		case 'w':
			give(done[1], &what, 1);
			give(done[1], &rewritten, sizeof rewritten);
			continue;
		}
		give(done[1], &what, 1);
	}
	_exit(8);
}

static uint32_t newest; // that pieces has found

// pieces reads up to n times, and checks that each finds this generation; 0: any.
static size_t pieces(size_t size, int n, uint32_t g) {
	static uint64_t b[most / 8 + 1];
	size_t got = 0;
	off_t at = lseek(fd, 0, SEEK_CUR);
	for (ssize_t r; n-- > 0 && (r = read(fd, b, size)) > 0; got += r, at += r)
		for (ssize_t i = 0; i + 16 <= r; i += 8) {
			size_t word = (at + i + 7) / 8, in = word * 8 - at;
			uint64_t v;
			memcpy(&v, (char *)b + in, 8);
			newest = v >> 32;
			if (g) same(newest, g);
			same((uint32_t)v, word);
		}
	return got;
}

static off_t offset(void) { return lseek(fd, 0, SEEK_CUR); }

static void whole(size_t size) {
	same(lseek(fd, 0, SEEK_SET), 0);
	same(pieces(size, 1 << 30, generation), words * 8L);
	same(read(fd, &size, 1), 0);
	same(offset(), words * 8L);
}

int main(void) {
	static char b[most];
	generation = 1;
	fill(1, words);
	must(!pipe(go) && !pipe(done));
	handle(SIGUSR1, hear, SA_RESTART);
	fd = open("pieces", O_RDONLY);
	must(fd >= 0);
	pid_t c = child();
	if (c == 0) other();
	close(go[0]), close(done[1]);
	ready();
	for (unsigned lap = 0; more(); lap++) {
		size_t size = sizes[lap % (sizeof sizes / sizeof *sizes)];
		must(!close(fd));
		fd = open("pieces", O_RDONLY);
		whole(size);
		// Other sizes, and pread, in between.
		same(lseek(fd, 0, SEEK_SET), 0);
		off_t at = pieces(size, 9, generation);
		at += pieces(1000, 3, generation);
		same(pread(fd, b, 100, 5), 100);
		at += pieces(size, 2, generation);
		same(offset(), at);
		// One offset with a child, which reads as well.
		pid_t k = child();
		if (k == 0) {
			same(offset(), at);
			same(pieces(4096, 20, generation), 81920);
			_exit(9);
		}
		exits(k, 9);
		at += 81920;
		same(offset(), at);
		at += pieces(size, 4, generation);
		same(offset(), at);
		// ... which ends in the middle, by a fault.
		k = child();
		if (k == 0) {
			struct rlimit none = {0, 0};
			must(!setrlimit(RLIMIT_CORE, &none));
			lseek(fd, 0, SEEK_SET);
			pieces(4096, 101, generation);
			*(volatile int *)8 = 1;
		}
		dies(k, SIGSEGV);
		same(offset(), 101 * 4096);
		// ... or goes on without a call: what it has read is known all the same.
		int *shows = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		must(shows != MAP_FAILED && !munmap(shows, 4096));
		k = child();
		if (k == 0) {
			lseek(fd, 0, SEEK_SET);
			pieces(4096, 77, generation);
			for (;;) ;
		}
		for (double until = now() + 10; offset() != 77 * 4096; nap(5)) must(now() < until);
		must(!kill(k, SIGKILL));
		dies(k, SIGKILL);
		same(offset(), 77 * 4096);
		// Rewritten before: read as it is now.
		order('f');
		generation++;
		pieces(size, 7, generation);
		// Rewritten in between, which a signal tells.
		same(lseek(fd, 0, SEEK_SET), 0);
		heard = 0;
		order('s');
		while (!heard)
			if (read(fd, b, size & ~7) <= 0) lseek(fd, 0, SEEK_SET);
		uint64_t v;
		if (read(fd, &v, 8) > 0) same(v >> 32, generation + 1);
		generation++;
		whole(size);
		// ... or nobody tells, but time passes.
		same(lseek(fd, 0, SEEK_SET), 0);
		order('q');
		at = pieces(4096, 200, 0);
		for (double until = now() + 0.1; now() < until;) ;
		double begun = now(), rewritten;
		at += pieces(4096, 10, 0);
		order('w');
		must(take(done[0], &rewritten, sizeof rewritten));
		must(newest == ++generation || rewritten > begun - 0.05);
		same(offset(), at);
		// Cut to nothing.
		same(lseek(fd, 0, SEEK_SET), 0);
		heard = 0;
		order('t');
		while (!heard)
			if (read(fd, b, size) <= 0) lseek(fd, 0, SEEK_SET);
		same(read(fd, b, size), 0);
		order('f');
		generation++;
		same(lseek(fd, 0, SEEK_SET), 0);
		pieces(size, 1 << 30, generation);
		same(offset(), words * 8L);
	}
	close(go[1]);
	exits(c, 8);
	return ok();
}
