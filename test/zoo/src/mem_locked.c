// Memory that is locked stays locked wherever the process is, each kind as it is, and counts as at home; a child has none of it.
// quick
#include "locked.h"
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
enum { RW = PROT_READ | PROT_WRITE };
int main(void) {
	char *whole = anonymous(64, RW, 0), *part = anonymous(64, RW, 0), *fault = anonymous(64, RW, 0);
	char *closed = anonymous(4, PROT_NONE, 0), *guarded = anonymous(16, RW, 0);
	for (int i = 0; i < 64; i += 2) part[i * P] = i;
	if (mlock(whole, 64 * P)) {
		printf("nothing may be locked here\n");
		return 77;
	}
	must(!mlock(part + 16 * P, 16 * P));
	must(!mlock2(fault, 64 * P, MLOCK_ONFAULT));
	must(!mlock2(closed, 4 * P, MLOCK_ONFAULT));
	char *made = mmap(0, 16 * P, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
	must(made != MAP_FAILED);
	int fd = open("locked", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	for (int i = 0; i < 8; i++) give(fd, whole, P - 1), give(fd, &(char){i + 1}, 1);
	char *read = mmap(0, 8 * P, PROT_READ, MAP_PRIVATE, fd, 0), *copied = mmap(0, 8 * P, RW, MAP_PRIVATE, fd, 0);
	must(read != MAP_FAILED && copied != MAP_FAILED && !mlock(read, 8 * P) && !mlock(copied, 8 * P));
	long sum = 64 + 16 + 64 + 4 + 16 + 8 + 8;
	int guards = !madvise(guarded + 3 * P, P, MADV_GUARD_INSTALL);
	if (guards) {
		must(!mlock2(guarded, 16 * P, MLOCK_ONFAULT));
		sum += 16;
	}
	int flags = seen(fault).lf; // kernels that do not tell
	same(locked(), sum * 4);
	ready();
	for (int lap = 0; more(); lap++) {
		same(locked(), sum * 4);
		struct seen w = seen(whole), m = seen(part + 16 * P), f = seen(fault), n = seen(part);
		must(w.lo && !w.lf && m.lo && !m.lf && f.lo && f.lf == flags && !n.lo);
		must(m.at == part + 16 * P && m.end == part + 32 * P);
		must(seen(closed).lo && seen(made).lo && seen(read).lo && seen(copied).lo && seen(guarded).lo == guards);
		must(is_locked(whole, 256) && is_locked(part + 16 * P, 64));
		must(soon(whole, 64) && soon(part + 16 * P, 16) && soon(made, 16) && soon(read, 8) && soon(copied, 8));
		must(whole[63 * P] == (char)lap && part[18 * P] == 18 && fault[lap % 64 * P] == (lap >= 64) && copied[2 * P - 1] == 2 + (lap > 0) && read[P - 1] == 1);
		whole[63 * P] = lap + 1, fault[lap % 64 * P] = 1, copied[2 * P - 1] = 3;
		must(fault[lap % 64 * P] && soon(fault + lap % 64 * P, 1));
		fails(madvise(whole, P, MADV_DONTNEED), EINVAL);
		if (guards && lap % 2) fails(madvise(guarded, P, MADV_GUARD_INSTALL), EINVAL);
		if (lap % 8 == 3) {
			pid_t c = child();
			if (c == 0) {
				same(locked(), 0);
				must(!seen(whole).lo && whole[63 * P] == (char)(lap + 1));
				_exit(0);
			}
			exits(c, 0);
		}
		if (lap % 4 == 1) {
			made = mremap(made, 16 * P, 32 * P, MREMAP_MAYMOVE);
			must(made != MAP_FAILED && soon(made, 32));
			same(locked(), (sum + 16) * 4);
			made = mremap(made, 32 * P, 16 * P, 0);
			must(made != MAP_FAILED);
		}
	}
	must(!munlock(whole, 64 * P) && !seen(whole).lo);
	same(locked(), (sum - 64) * 4);
	must(!munlockall());
	same(locked(), 0);
	return ok();
}
