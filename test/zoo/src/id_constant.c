// Process, thread, parent, group and session ids never change; nor do user, host and machine.
// quick
#include "zoo.h"
#include <sys/utsname.h>
#include <sys/sysinfo.h>
static volatile int stop;
static void *other(void *p) {
	for (pid_t t = tid(), me = getpid(); !stop; nap(1)) {
		same(tid(), t);
		same(getpid(), me);
		must(t != me);
	}
	return 0;
}
int main(void) {
	pid_t want[] = {getpid(), tid(), getppid(), getpgrp(), getsid(0), getuid(), geteuid(), getgid(), getegid()};
	struct utsname u, v;
	must(!uname(&u));
	gid_t groups[64], g2[64];
	int ng = getgroups(64, groups);
	pthread_t t = thread(other, 0);
	ready();
	while (more()) {
		pid_t got[] = {syscall(SYS_getpid), tid(), getppid(), getpgrp(), getsid(0), getuid(), geteuid(), getgid(), getegid()};
		for (int i = 0; i < 9; i++) same(got[i], want[i]);
		must(!uname(&v) && !memcmp(&u, &v, sizeof u));
		same(getgroups(64, g2), ng);
		must(ng <= 0 || !memcmp(groups, g2, ng * sizeof *g2));
		struct sysinfo si;
		must(!sysinfo(&si) && si.totalram > 0 && si.procs > 0);
		must(!kill(getpid(), 0) && !syscall(SYS_tgkill, getpid(), tid(), 0));
		must(getpriority(PRIO_PROCESS, 0) >= -20 && sched_getscheduler(0) == SCHED_OTHER);
	}
	stop = 1;
	join(t);
	return ok();
}
