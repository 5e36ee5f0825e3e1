// A process that is traced by another (a debugger) cannot be moved; the tracer keeps it.
// expect: refused cannot-move
// quick
#include "zoo.h"
#include <sys/ptrace.h>
int main(void) {
	told();
	pid_t c = child();
	if (c == 0) {
		while (more()) ;
		_exit(19);
	}
	must(!ptrace(PTRACE_SEIZE, c, 0, PTRACE_O_EXITKILL));
	ready_as(c);
	exits(c, 19);
	return ok();
}
