// Locked memory that is written all the time, and more than is sent in a moment, stays whole and locked.
#include "locked.h"
enum { Pages = 900 };
int main(void) {
	char *m = anonymous(Pages, PROT_READ | PROT_WRITE, 0), *f = anonymous(Pages, PROT_READ | PROT_WRITE, 0);
	if (mlock(m, (size_t)Pages * P)) {
		printf("nothing may be locked here\n");
		return 77;
	}
	must(!mlock2(f, (size_t)Pages * P, MLOCK_ONFAULT));
	ready();
	for (unsigned lap = 1; more(); lap++) {
		for (int i = 0; i < Pages; i++) {
			unsigned *w = (unsigned *)(m + (size_t)i * P), *x = (unsigned *)(f + (size_t)i * P + 64);
			same(*w, lap == 1 ? 0 : lap - 1 + i);
			*w = lap + i;
			if (i % 4 == 0) {
				same(*x, lap == 1 ? 0 : lap - 1 + i);
				*x = lap + i;
			}
		}
		same(locked(), 2 * Pages * 4);
		struct seen a = seen(m), b = seen(f);
		must(a.lo && !a.lf && b.lo);
		must(is_locked(m, Pages * 4));
		must(soon(m, Pages));
	}
	return ok();
}
