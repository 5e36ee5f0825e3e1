// locked.h: what a program sees of its locked memory.
#ifndef LOCKED_H
#define LOCKED_H
#include "zoo.h"
#include <grp.h>
enum { P = 4096 };

// locked is how much memory of the process is locked, in kB: what is told twice, as a file that was opened at home and is read away
// tells of the process there.
static inline long locked(void) {
	static char status[8192];
	for (long told = -1;;) {
		slurp("/proc/self/status", status, sizeof status);
		char *v = strstr(status, "VmLck:");
		must(v);
		if (told == atol(v + 6)) return told;
		told = atol(v + 6);
	}
}

// seen is one mapping as smaps tells of it; at: its first address, 0 when there is none.
struct seen {
	char *at, *end;
	long locked; // kB
	int lo, lf;
};

// each calls f for all mappings.
static inline void each(void (*f)(struct seen *, const char *name)) {
	static char text[1 << 20];
	size_t n = slurp("/proc/self/smaps", text, sizeof text);
	must(n < sizeof text - 1);
	struct seen s = {0};
	char name[64] = "";
	for (char *l = text; l && *l; l = strchr(l, '\n'), l += l != 0) {
		unsigned long from, to;
		if (sscanf(l, "%lx-%lx %*s %*s %*s %*s%63[^\n]", &from, &to, name) >= 2) {
			s = (struct seen){(char *)from, (char *)to, 0, 0, 0};
			char *first = strchr(l, '[');
			snprintf(name, sizeof name, "%.*s", first && first < strchr(l, '\n') ? (int)strcspn(first, "\n") : 0, first ? first : "");
		}
		if (!strncmp(l, "Locked:", 7)) s.locked = atol(l + 7);
		if (!strncmp(l, "VmFlags:", 8)) {
			char flags[256];
			snprintf(flags, sizeof flags, "%.*s", (int)strcspn(l, "\n"), l);
			s.lo = !!strstr(flags, " lo"), s.lf = !!strstr(flags, " lf");
			f(&s, name);
		}
	}
}

static struct seen wanted;
static void *volatile where;
static inline void among(struct seen *s, const char *name) {
	if ((char *)where >= s->at && (char *)where < s->end) wanted = *s;
}

// seen is the mapping at an address.
static inline struct seen seen(void *p) {
	where = p, wanted = (struct seen){0};
	each(among);
	return wanted;
}

// all_there tells whether all of some pages are in memory.
static inline int all_there(void *at, int pages) {
	unsigned char in[4096];
	must(pages <= (int)sizeof in && !mincore(at, (size_t)pages * P, in));
	for (int i = 0; i < pages; i++)
		if (!(in[i] & 1)) return 0;
	return 1;
}

// nobody gives up the rights of root: what may be locked is then as much as is allowed.
static inline void nobody(void) {
	must(!chmod(".", 0777));
	told();
	if (geteuid()) return;
	must(!setgroups(0, 0) && !setresgid(65534, 65534, 65534) && !setresuid(65534, 65534, 65534));
}

// soon tells whether all of some pages are in memory when what follows the process has come: at home it runs before
// that, and is told what there is.
static inline int soon(void *at, int pages) {
	for (double end = now() + 10; !all_there(at, pages); nap(5))
		if (now() > end) return 0;
	return 1;
}

// is_locked tells whether that holds of what is locked of a mapping, in kB.
static inline int is_locked(void *at, long kb) {
	for (double end = now() + 10; seen(at).locked != kb; nap(5))
		if (now() > end) return 0;
	return 1;
}

static inline char *anonymous(int pages, int prot, int more) {
	char *m = mmap(0, (size_t)pages * P, prot, MAP_PRIVATE | MAP_ANONYMOUS | more, -1, 0);
	must(m != MAP_FAILED);
	return m;
}
#endif
