// Process groups and sessions: setpgid, kill of a group, setsid, and their errors.
#include "zoo.h"
int main(void) {
	ready();
	while (more()) {
		pid_t leader = child();
		if (leader == 0) {
			setpgid(0, 0);
			for (;;) pause();
		}
		setpgid(leader, leader);
		pid_t other = child();
		if (other == 0) {
			for (;;) pause();
		}
		must(!setpgid(other, leader));
		same(getpgid(other), leader);
		must(!kill(-leader, SIGUSR1));
		dies(leader, SIGUSR1);
		dies(other, SIGUSR1);
		fails(kill(-leader, 0), ESRCH);
		pid_t s = child();
		if (s == 0) {
			if (setsid() != getpid() || getsid(0) != getpid() || getpgrp() != getpid()) _exit(1);
			fails(setsid(), EPERM);
			fails(setpgid(0, getppid()), EPERM);
			_exit(0);
		}
		exits(s, 0);
		fails(setpgid(0, 999999999), EPERM);
		fails(getpgid(999999999), ESRCH);
	}
	return ok();
}
