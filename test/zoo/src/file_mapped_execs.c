// What a process has written to a mapped file away from home is in it when it has executed another program, which reads it.
// expect: comes-home
#include "mapped.h"
static void end(void) { execlp("sh", "sh", "-c", "cmp -n 4 -i 4:8192 mapped mapped && cmp -n 4 -i 4:4096 mapped mapped", NULL); }
static void parent(pid_t c) { exits(c, 0); }
int main(void) { return ends_away(end, parent); }
