// What a process has written to a mapped file away from home is in it when it has been killed at home.
// quick
#include "mapped.h"
static void end(void) { for (volatile long n = 0;; n++) ; }
static void parent(pid_t c) {
	must(!kill(c, SIGKILL));
	dies(c, SIGKILL);
}
int main(void) { return ends_away(end, parent); }
