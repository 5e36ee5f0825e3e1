// A program that has just been executed dies of the signal that it is sent, in whatever moment of its beginning, or of being placed, that is.
// quick
#include "zoo.h"
int main(int argc, char **argv) {
	if (argc > 1 && !strcmp(argv[1], "waits"))
		for (;;) pause();
	ready();
	for (int lap = 0; more(); lap++) {
		pid_t c = child();
		if (!c) {
			execl("/proc/self/exe", argv[0], "waits", (char *)0);
			_exit(9);
		}
		for (double until = now() + lap % 40 * 0.0005; now() < until;) {}
		must(!kill(c, SIGINT));
		dies(c, SIGINT);
	}
	return ok();
}
