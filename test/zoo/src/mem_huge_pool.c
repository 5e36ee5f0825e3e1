// Huge pages of the pool are had at home: the process comes, and may leave again when it has none.
// expect: comes-home
// quick
#include "zoo.h"
enum { P = 4096, Huge = 2 << 20 };
int main(void) {
	char *m = mmap(0, 16 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(m, 3, 16 * P);
	char *native = mmap(0, Huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	int none = native == MAP_FAILED ? errno : 0;
	if (!none) munmap(native, Huge);
	ready();
	for (int lap = 0; more(); lap++) {
		if (lap % 16 == 8) {
			char *h = mmap(0, Huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
			if (none) {
				must(h == MAP_FAILED);
				same(errno, none);
			} else {
				must(h != MAP_FAILED);
				h[Huge - 1] = lap;
				same(h[Huge - 1], (char)lap);
				must(!munmap(h, Huge));
			}
		}
		same(m[5 * P], 3);
	}
	return ok();
}
