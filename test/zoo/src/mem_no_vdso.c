// A process that has unmapped its vDSO, as valgrind does, moves, and reads clocks by system calls.
#include "zoo.h"
static int places(const char *name, unsigned long *from, unsigned long *to) {
	static char all[1 << 16];
	slurp("/proc/self/maps", all, sizeof all);
	char *at = strstr(all, name);
	if (!at) return 0;
	while (at > all && at[-1] != '\n') at--;
	return sscanf(at, "%lx-%lx", from, to) == 2;
}
// The C library has looked up where the vDSO's functions are: from here on it asks for no time.
static long milliseconds(void) {
	struct timespec t;
	must(!syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t));
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
int main(void) {
	unsigned long from, to, vvar, end;
	ready();
	must(places("[vdso]", &from, &to));
	must(places("[vvar]", &vvar, &end));
	must(!munmap((void *)from, to - from));
	long last = milliseconds(), begun = last;
	for (;;) {
		struct timespec t = {0, 2000000};
		must(!syscall(SYS_nanosleep, &t, 0));
		long is = milliseconds();
		must(is > last);
		last = is;
		unsigned long a, b;
		must(!places("[vdso]", &a, &b));
		must(places("[vvar]", &a, &b));
		same(a, vvar);
		same(b, end);
		if (zoo.at < 0 ? is - begun > 100 : faccessat(zoo.at, zoo.name, F_OK, 0) == 0) break;
		if (is - begun > zoo.limit * 1000L) { // what zoo.h does then asks for the time
			dprintf(1, "nobody stopped this program\n");
			_exit(1);
		}
	}
	dprintf(1, "ok\n");
	return 0;
}
