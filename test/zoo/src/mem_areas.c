// Three thousand areas of differing protection are all there, with their protections and contents.
#include "zoo.h"
enum { Areas = 3000 };
int main(void) {
	char *m = mmap(0, Areas * 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < Areas; i++) {
		*(int *)(m + i * 8192) = i;
		must(!mprotect(m + i * 8192, 4096, i % 3 == 0 ? PROT_READ : i % 3 == 1 ? PROT_NONE : PROT_READ | PROT_EXEC));
	}
	int p[2];
	must(!pipe(p));
	ready();
	while (more())
		for (int i = 0; i < Areas; i += 1 + i % 7) {
			int *a = (int *)(m + i * 8192);
			if (i % 3 != 1) same(*a, i);
			same(((int *)(m + i * 8192 + 4096))[0], 0);
			if (i % 50 == 0) { // the kernel's view: may it be read or written?
				ssize_t r = write(p[1], a, 1);
				same(r, i % 3 == 1 ? -1 : 1);
				if (r == 1) fails(read(p[0], a, 1), EFAULT);
			}
		}
	return ok();
}
