// /proc/self/maps tells the truth about the program's own memory: its code, stack, heap and a fresh mapping, with their protections.
// quick
#include "zoo.h"
static char text[1 << 20];
static char *find(void *p) { // the flags of the area p lies in, or 0
	for (char *l = text; *l; l = strchr(l, '\n') + 1) {
		unsigned long a, b;
		static char flags[8];
		must(sscanf(l, "%lx-%lx %7s", &a, &b, flags) == 3);
		must(a < b);
		if ((unsigned long)p >= a && (unsigned long)p < b) return flags;
	}
	return 0;
}
static int code(void) { return 1; }
static int data = 1;
int main(void) {
	int local;
	char *heap = malloc(100);
	ready();
	while (more()) {
		char *fresh = mmap(0, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		must(!mprotect(fresh + 4096, 4096, PROT_NONE));
		slurp("/proc/self/maps", text, sizeof text);
		must(find(code) && !strcmp(find(code), "r-xp"));
		must(find(&data) && !strcmp(find(&data), "rw-p"));
		must(find(&local) && !strcmp(find(&local), "rw-p"));
		must(find(heap) && !strcmp(find(heap), "rw-p"));
		must(find(fresh) && !strcmp(find(fresh), "r--p"));
		must(find(fresh + 4096) && !strcmp(find(fresh + 4096), "---p"));
		must(strstr(text, "[stack]") && strstr(text, "[vdso]") && strstr(text, "proc_maps"));
		must(!munmap(fresh, 8192));
		slurp("/proc/self/maps", text, sizeof text);
		must(!find(fresh));
	}
	return ok();
}
