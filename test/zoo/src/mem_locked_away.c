// Memory is locked and unlocked while away, with the results that home gives, and what was locked there goes on being so.
// needs: root
// quick
#include "locked.h"
#define RW PROT_READ | PROT_WRITE
static long pages, kept;
static int want, on_fault;
static void sums(struct seen *s, const char *name) {
	if (!strcmp(name, "[vvar]") || !strcmp(name, "[vvar_vclock]") || !strcmp(name, "[vdso]") || !strcmp(name, "[vsyscall]")) {
		must(!s->lo);
		return;
	}
	if (s->lo != want || s->lf != (want && on_fault)) fail(__FILE__, __LINE__, "mapping at %p %s: locked %d %d", (void *)s->at, name, s->lo, s->lf);
	pages += (s->end - s->at) / P;
}
// everything checks that all mappings are locked, or none.
static void everything(int locks, int fault) {
	pages = 0, want = locks, on_fault = fault && kept;
	each(sums);
	same(locked(), locks ? pages * 4 : 0);
}
int main(void) {
	nobody();
	char *m = anonymous(16, RW, 0), *hole = anonymous(8, RW, 0), *closed = anonymous(4, PROT_NONE, 0), *long_ = anonymous(256, RW, 0);
	must(!munmap(hole + 3 * P, P));
	int fd = open("locked", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	must(!ftruncate(fd, 2 * P));
	if (mlock(m, P)) {
		printf("nothing may be locked here\n");
		return 77;
	}
	must(!mlock2(m, P, MLOCK_ONFAULT));
	kept = seen(m).lf;
	must(!munlock(m, P));
	ready();
	long sum = 0; // what stays locked from lap to lap
	for (int lap = 0; more(); lap++) {
		same(locked(), sum * 4);
		switch (lap % 16) {
		case 1:
			fails(mlock2(m, P, 2), EINVAL);
			fails(mlockall(0), EINVAL);
			fails(mlockall(MCL_ONFAULT), EINVAL);
			fails(mlockall(8), EINVAL);
			fails(mlock(hole + 3 * P, 1), ENOMEM);
			must(!mlock(m, 0) && !munlock(m, 0));
			same(locked(), 0);
			break;
		case 3: // as far as the hole
			fails(mlock(hole, 8 * P), ENOMEM);
			same(locked(), 12);
			fails(munlock(hole, 8 * P), ENOMEM);
			same(locked(), 0);
			fails(mlock(closed, 4 * P), ENOMEM); // which it is nevertheless
			same(locked(), 16);
			must(!munlock(closed, 4 * P));
			break;
		case 5:
			must(!mlock(m + 3, 2 * P)); // three pages
			same(locked(), 12);
			must(soon(m, 3) && !mlock2(m + 8 * P, 2 * P, MLOCK_ONFAULT) && !munlock(m + P, P));
			sum = 4;
			break;
		case 7:
			must(seen(m).lo && !seen(m + P).lo && seen(m + 8 * P).lo && seen(m + 8 * P).lf == kept && !seen(m).lf);
			must(!munlock(m, 16 * P));
			sum = 0;
			char *a = mmap(0, 4 * P, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
			must(a != MAP_FAILED && soon(a, 4));
			char *f = mmap(0, 2 * P, PROT_READ, MAP_PRIVATE | MAP_LOCKED, fd, 0);
			must(f != MAP_FAILED && soon(f, 2));
			same(locked(), 24);
			must(!munmap(a, 4 * P) && !munmap(f, 2 * P));
			break;
		case 9:
			must(!mlockall(MCL_CURRENT));
			everything(1, 0);
			must(soon(long_, 256));
			must(!mlockall(MCL_CURRENT | MCL_ONFAULT));
			everything(1, 1);
			must(!munlockall());
			everything(0, 0);
			break;
		case 11:
			must(!mlockall(MCL_CURRENT | MCL_FUTURE));
			everything(1, 0);
			char *next = anonymous(8, RW, 0);
			must(soon(next, 8));
			everything(1, 0);
			must(!mlockall(MCL_CURRENT)); // no more what comes
			char *other = anonymous(8, PROT_READ, 0);
			must(!seen(other).lo && seen(next).lo);
			must(!munlockall() && !munmap(next, 8 * P) && !munmap(other, 8 * P));
			everything(0, 0);
			break;
		case 13:
			must(!mlock(long_, 256 * P) && soon(long_, 256));
			sum = 256;
			break;
		case 15:
			must(is_locked(long_, 1024));
			must(!munlock(long_, 256 * P));
			sum = 0;
			break;
		}
		same(locked(), sum * 4);
	}
	return ok();
}
