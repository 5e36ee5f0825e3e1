// The memory calls while away: mprotect, mremap, munmap, madvise, brk, mincore, with the contents and errors they promise.
// quick
#include "zoo.h"
int main(void) {
	enum { P = 4096 };
	char *kept = mmap(0, 64 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < 64; i++) kept[i * P] = i + 1;
	free(malloc(1000));
	ready();
	char *top = sbrk(0);
	for (int lap = 0; more(); lap++) {
		char *m = mmap(0, 32 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		must(m != MAP_FAILED);
		for (int i = 0; i < 32; i++) { same(m[i * P], 0); m[i * P] = i + 1; }
		must(!madvise(m + 4 * P, 4 * P, MADV_DONTNEED));
		for (int i = 0; i < 32; i++) same(m[i * P], i / 4 == 1 ? 0 : i + 1);
		char *g = mremap(m, 32 * P, 300 * P, MREMAP_MAYMOVE);
		must(g != MAP_FAILED);
		for (int i = 0; i < 32; i++) same(g[i * P], i / 4 == 1 ? 0 : i + 1);
		same(g[299 * P], 0);
		must(mremap(g, 300 * P, 16 * P, 0) == g);
		must(!munmap(g + 2 * P, P));
		same(g[3 * P], 4);
		fails(mprotect(g, 4 * P, PROT_READ), ENOMEM);
		fails(madvise(g + 1, P, MADV_DONTNEED), EINVAL);
		char *t = mmap(0, 20 * P, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		must(mremap(g + 8 * P, 4 * P, 4 * P, MREMAP_MAYMOVE | MREMAP_FIXED, t + 8 * P) == t + 8 * P);
		same(t[9 * P], 10);
		must(mmap(t + 8 * P, P, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED);
		same(errno, EEXIST);
		must(!munmap(t, 20 * P) && !munmap(g, 16 * P));
		must(sbrk(0) == top && sbrk(100000) == top);
		memset(top, lap, 100000);
		must(sbrk(-100000) == top + 100000 && sbrk(0) == top);
		unsigned char core[64];
		must(!mincore(kept, 64 * P, core));
		for (int i = 0; i < 64; i++) same(kept[i * P], i + 1);
		must(!madvise(kept + 32 * P, 16 * P, MADV_DONTNEED)); // dropped pages are zero everywhere from now on
		for (int i = 32; i < 48; i++) { same(kept[i * P], 0); kept[i * P] = i + 1; }
	}
	return ok();
}
