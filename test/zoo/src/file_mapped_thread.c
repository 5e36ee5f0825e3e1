// What a process has written to a mapped file away from home is in it when its last thread has ended, which is seen there first.
// quick
#include "mapped.h"
static void end(void) { syscall(SYS_exit, 7); }
static void parent(pid_t c) { exits(c, 7); }
int main(void) { return ends_away(end, parent); }
