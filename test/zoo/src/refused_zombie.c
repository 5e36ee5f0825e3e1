// A zombie cannot be moved; its parent still gets its status.
// expect: refused cannot-move
#include "zoo.h"
int main(void) {
	told();
	pid_t c = child();
	if (c == 0) _exit(66);
	siginfo_t i;
	must(!waitid(P_PID, c, &i, WEXITED | WNOWAIT));
	ready_as(c);
	while (more()) ;
	exits(c, 66);
	return ok();
}
