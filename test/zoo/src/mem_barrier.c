// What a process has registered for by membarrier(2) it stays registered for, wherever it goes; also what it registers for away, and what a child has of that.
// quick
#include "zoo.h"
#include <linux/membarrier.h>
enum { registrations = 1 << 9 }; // MEMBARRIER_CMD_GET_REGISTRATIONS, since Linux 6.3
static int barrier(int cmd) { return syscall(SYS_membarrier, cmd, 0, 0); }
static int tells;
static void registered(int all) {
	if (tells) same(barrier(registrations), all);
	must(!barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED));
	if (all & MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE) must(!barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE));
	else fails(barrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE), EPERM);
}
int main(void) {
	int all = MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED;
	must(!barrier(all));
	tells = barrier(registrations) == all;
	ready();
	for (int lap = 0; more(); lap++) {
		registered(all);
		if (lap == 3) {
			all |= MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE;
			must(!barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE));
		}
		pid_t c = child();
		if (c == 0) registered(all), _exit(3);
		exits(c, 3);
	}
	return ok();
}
