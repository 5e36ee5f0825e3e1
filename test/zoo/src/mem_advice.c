// What a program has asked for its mappings stays theirs: huge pages or none, not for children, wiped in children, not in core dumps, not
// reserved, droppable; also what it asks for on its way. Children find it so.
// quick
#include "zoo.h"
#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#define MADV_KEEPONFORK 19
#endif
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 8
#endif
enum { P = 4096, Huge = 2 << 20 };
static char smaps[1 << 20];
// flags are the VmFlags of the mapping at p that matter here.
static const char *flags(void *p) {
	static char out[64];
	slurp("/proc/self/smaps", smaps, sizeof smaps);
	char at[32];
	snprintf(at, sizeof at, "\n%lx-", (unsigned long)p);
	char *m = strstr(smaps, at);
	must(m);
	char *f = strstr(m, "VmFlags:"), *end = strchr(f, '\n');
	*out = 0;
	for (f += 8; f < end; f++) {
		char two[4] = {f[0], f[1], 0};
		if (f[2] == ' ' && strstr("dc dd hg mg nh nr wf dp", two)) strcat(strcat(out, two), " ");
	}
	return out;
}
static void has(void *p, const char *want) {
	const char *got = flags(p);
	if (strcmp(got, want)) fail(__FILE__, __LINE__, "a mapping has %s, not %s", got, want);
}
static char *map(size_t n, int flags) {
	char *m = mmap(0, n + 2 * Huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0); // neighbours for nobody
	must(m != MAP_FAILED);
	m = (char *)(((uintptr_t)m + Huge) & -Huge);
	return mmap(m, n, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_FIXED | flags, -1, 0);
}
static char *plain(size_t n) {
	char *m = map(n, MAP_PRIVATE);
	must(m != MAP_FAILED);
	m[0] = 'm', m[n - 1] = 'e';
	return m;
}
int main(void) {
	char *none = plain(8 * P), *huge = plain(2 * Huge), *small = plain(2 * Huge), *own = plain(4 * P), *wiped = plain(4 * P), *secret = plain(4 * P);
	char *vast = map(100ul << 30, MAP_PRIVATE | MAP_NORESERVE), *changing = plain(8 * P), *both = plain(4 * P);
	char *loses = map(4 * P, MAP_DROPPABLE);
	must(vast != MAP_FAILED);
	vast[50ul << 30] = 1;
	int thp = !madvise(huge, 2 * Huge, MADV_HUGEPAGE) && !madvise(small, 2 * Huge, MADV_NOHUGEPAGE);
	must(!madvise(own, 4 * P, MADV_DONTFORK) && !madvise(wiped, 4 * P, MADV_WIPEONFORK) && !madvise(secret, 4 * P, MADV_DONTDUMP));
	must(!madvise(both + P, 2 * P, MADV_DONTDUMP) && !madvise(both + P, P, MADV_WIPEONFORK)); // one mapping in pieces
	if (loses != MAP_FAILED) *loses = 1;
	char reserve[8];
	strcpy(reserve, flags(vast)); // "nr ", unless the kernel reserves all
	ready();
	for (int lap = 0; more(); lap++) {
		has(none, "");
		if (thp) has(huge, "hg "), has(small, "nh ");
		has(own, "dc "), has(wiped, "wf "), has(secret, "dd "), has(vast, reserve);
		has(both, ""), has(both + P, "wf dd "), has(both + 2 * P, "dd ");
		if (loses != MAP_FAILED) must(strstr(flags(loses), "dp"));
		int odd = lap % 2;
		if (lap) has(changing, odd ? "dc " : "wf dd ");
		must(!madvise(changing, 8 * P, odd ? MADV_DOFORK : MADV_DONTFORK) && !madvise(changing, 8 * P, odd ? MADV_WIPEONFORK : MADV_KEEPONFORK)
			&& !madvise(changing, 8 * P, odd ? MADV_DONTDUMP : MADV_DODUMP));
		has(changing, odd ? "wf dd " : "dc ");
		must(none[0] == 'm' && huge[2 * Huge - 1] == 'e' && wiped[0] == 'm' && own[4 * P - 1] == 'e' && vast[50ul << 30] == 1 && changing[0] == 'm');
		if (lap % 8) continue;
		char *fresh = map(4 * P, MAP_PRIVATE); // where something of another kind was before
		must(!madvise(fresh, 4 * P, MADV_DONTFORK) && !munmap(fresh, 4 * P));
		must(mmap(fresh, 4 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == fresh);
		has(fresh, "");
		pid_t c = child();
		if (c == 0) {
			must(wiped[0] == 0 && both[P] == 0 && both[0] == 'm' && secret[0] == 'm' && *fresh == 0);
			unsigned char core;
			fails(mincore(own, P, &core), ENOMEM);
			_exit(0);
		}
		exits(c, 0);
	}
	return ok();
}
