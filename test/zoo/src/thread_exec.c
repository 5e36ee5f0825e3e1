// execve by a thread that is not the first: the others vanish, the pid stays, and the new program's only thread has it.
// expect: comes-home
#include "zoo.h"
static char **args;
static void *spin(void *p) {
	for (volatile long n = 0;; n++) ;
}
static void *execer(void *p) {
	execv("/proc/self/exe", args);
	fail(__FILE__, __LINE__, "execv failed");
}
int main(int argc, char **argv) {
	char n[32], me[32];
	int laps = argc > 1 ? atoi(argv[1]) : 0;
	if (laps == 0) ready();
	else {
		same(atoi(argv[2]), getpid());
		same(tid(), getpid());
		char s[4096];
		slurp("/proc/self/status", s, sizeof s);
		same(atoi(strstr(s, "Threads:") + 8), 1);
	}
	zoo.laps = laps;
	nap(40);
	if (!more() || (laps > 3 && told())) return ok();
	snprintf(n, sizeof n, "%d", laps + 1), snprintf(me, sizeof me, "%d", getpid());
	args = (char *[]){argv[0], n, me, NULL};
	thread(spin, 0), thread(spin, 0), thread(execer, 0);
	for (;;) pause();
}
