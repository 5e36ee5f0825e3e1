// Thread and process names set while away are seen in /proc at home and by oneself.
#include "zoo.h"
static void *named(void *p) {
	char want[16], got[32], path[64];
	snprintf(want, sizeof want, "zoo-%ld", (long)p);
	must(!prctl(PR_SET_NAME, want));
	must(!prctl(PR_GET_NAME, got) && !strcmp(got, want));
	snprintf(path, sizeof path, "/proc/self/task/%d/comm", tid());
	slurp(path, got, sizeof got);
	got[strcspn(got, "\n")] = 0;
	must(!strcmp(got, want));
	return 0;
}
int main(void) {
	ready();
	for (long lap = 0; more(); lap++) {
		join(thread(named, (void *)lap));
		named((void *)(lap + 1));
		char path[64], got[32], want[32];
		snprintf(path, sizeof path, "/proc/%d/comm", getpid());
		pid_t c = child();
		if (c == 0) { // a process at home looks
			slurp(path, got, sizeof got);
			snprintf(want, sizeof want, "zoo-%ld\n", lap + 1);
			_exit(strcmp(got, want) ? 1 : 0);
		}
		exits(c, 0);
	}
	return ok();
}
