// Memory of memfd_create that is mapped twice, once to be written and once to be executed, and whose descriptor is closed, stays one memory: what is written at one place runs at the other at once.
// quick
#include "zoo.h"
enum { page = 4096, size = 64 * page };
static const size_t far = (size_t)3 << 30; // most of it is a hole
typedef int code(void);
int main(void) {
	int fd = memfd_create("code", MFD_CLOEXEC);
	must(fd >= 0 && !ftruncate(fd, far + page));
	unsigned char *w = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	unsigned char *x = mmap(0, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	unsigned char *f = mmap(0, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, far);
	must(w != MAP_FAILED && x != MAP_FAILED && f != MAP_FAILED && !close(fd));
	unsigned char *gone = mmap(0, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned want[64] = {0};
	ready();
	for (unsigned lap = 1; more(); lap++) {
		for (int i = 0; i < 64; i++) {
			if (!want[i]) same(x[i * page + 100], 0);
			else same(((code *)(x + i * page + 100))(), want[i]);
		}
		same(*(unsigned *)(f + 8), lap - 1);
		*(unsigned *)(f + 8) = lap;
		int at = lap * 5 % 64;
		unsigned char *to = w + at * page + 100;
		want[at] = lap * 7 + 1;
		to[0] = 0xb8; // mov $want, %eax; ret
		memcpy(to + 1, &want[at], 4);
		to[5] = 0xc3;
		__builtin___clear_cache((char *)x, (char *)x + size);
		same(((code *)(x + at * page + 100))(), want[at]);
		must(!madvise(w, size, MADV_DONTNEED) && !madvise(x, size, MADV_DONTNEED));
		// A part of it goes to another place, and is still the same memory.
		if (lap % 3 == 0) {
			unsigned char *m = mremap(w + at * page, 0, page, MREMAP_MAYMOVE | MREMAP_FIXED, gone);
			must(m == gone);
			m[200] = lap;
			same(x[at * page + 200], lap & 255);
		}
		if (lap % 4 == 0) {
			int zero = lap * 11 % 64;
			must(!madvise(w + zero * page, page, MADV_REMOVE));
			want[zero] = 0;
			same(x[zero * page + 100], 0);
		}
	}
	return ok();
}
