// What a process has written to a mapped file away from home is in it when it has died of a signal of its own.
#include "mapped.h"
static void end(void) { raise(SIGTERM); }
static void parent(pid_t c) { dies(c, SIGTERM); }
int main(void) { return ends_away(end, parent); }
