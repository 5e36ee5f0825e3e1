// Memory that processes share is the same wherever it is mapped, dropped, protected, read into and written from.
#include "zoo.h"
enum { page = 4096, pages = 6, size = page * pages };
int main(void) {
	unsigned char *m = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(m != MAP_FAILED);
	unsigned char *twin = mremap(m, 0, size, MREMAP_MAYMOVE); // once more
	must(twin != MAP_FAILED && twin != m);
	volatile unsigned *word = (volatile unsigned *)(m + page), *reply = (volatile unsigned *)(m + 2 * page);
	int p[2];
	must(!pipe(p));
	pid_t c = child();
	if (c == 0) {
		for (unsigned n = 1;; n++) {
			while (word[0] < n) usleep(200);
			if (word[0] == -1u) _exit(3);
			must(!memcmp(m + 3 * page, twin + 3 * page, page));
			unsigned char sum = 0;
			for (int i = 0; i < page; i++) sum += m[3 * page + i];
			twin[4 * page + 9] = sum;
			reply[0] = n;
		}
	}
	ready();
	unsigned n = 0;
	while (more()) {
		unsigned char text[page], back[page];
		for (int i = 0; i < page; i++) text[i] = i * 7 + n;
		same(write(p[1], text, page), page);
		same(read(p[0], twin + 3 * page, page), page); // the kernel stores into it
		must(!madvise(m, size, MADV_DONTNEED));
		word[0] = ++n;
		for (double t = now(); reply[0] != n; usleep(200)) must(now() - t < 20);
		unsigned char sum = 0;
		for (int i = 0; i < page; i++) sum += text[i];
		same(m[4 * page + 9], sum);
		same(write(p[1], m + 3 * page, page), page); // and takes from it
		same(read(p[0], back, page), page);
		must(!memcmp(back, text, page));
		must(!mprotect(twin, page, PROT_READ) && !mprotect(twin, page, PROT_READ | PROT_WRITE));
		twin[5 * page] = n;
		same(m[5 * page], (unsigned char)n);
	}
	word[0] = -1u;
	exits(c, 3);
	return ok();
}
