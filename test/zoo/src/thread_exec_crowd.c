// execve by the last of many threads, again and again: whoever attaches to them just then does not keep it from coming about, and it does not keep him.
// expect: comes-home
#include "zoo.h"

enum { crowd = 60 };
static char **args;
static void *idle(void *p) {
	for (;;) pause();
}
static void *execer(void *p) {
	execv("/proc/self/exe", args);
	fail(__FILE__, __LINE__, "execv failed");
}
int main(int argc, char **argv) {
	char n[32];
	int laps = argc > 1 ? atoi(argv[1]) : 0;
	if (laps == 0) ready();
	zoo.laps = laps;
	if (!more() || (laps > 3 && told())) return ok();
	snprintf(n, sizeof n, "%d", laps + 1);
	args = (char *[]){argv[0], n, NULL};
	for (int i = 0; i < crowd; i++) thread(idle, 0);
	thread(execer, 0);
	for (;;) pause();
}
