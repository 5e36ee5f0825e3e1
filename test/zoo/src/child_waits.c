// wait, waitpid, waitid with WNOHANG, WNOWAIT, process groups and resource use; ECHILD when there is none.
#include "zoo.h"
int main(void) {
	ready();
	while (more()) {
		int p[2], s;
		char b;
		must(!pipe(p));
		pid_t c = child();
		if (c == 0) {
			setpgid(0, 0);
			close(p[1]);
			read(p[0], &b, 1);
			_exit(33);
		}
		close(p[0]);
		setpgid(c, c);
		same(waitpid(c, &s, WNOHANG), 0);
		siginfo_t i = {.si_pid = 99};
		must(!waitid(P_ALL, 0, &i, WEXITED | WNOHANG));
		same(i.si_pid, 0);
		close(p[1]);
		must(!waitid(P_PGID, c, &i, WEXITED | WNOWAIT));
		same(i.si_pid, c);
		same(i.si_status, 33);
		same(i.si_uid, getuid());
		struct rusage u;
		memset(&u, 0x7f, sizeof u);
		same(wait4(-c, &s, 0, &u), c);
		same(WEXITSTATUS(s), 33);
		// A parent that has come home meanwhile is told of the child's deputy, which may have touched nothing.
		must(u.ru_utime.tv_sec < 100 && u.ru_maxrss >= 0 && u.ru_maxrss < 1 << 30);
		fails(waitpid(c, &s, 0), ECHILD);
		fails(waitid(P_PID, c, &i, WEXITED), ECHILD);
		fails(waitid(P_PID, c, &i, 0), EINVAL);
		pid_t a[3];
		for (int k = 0; k < 3; k++)
			if ((a[k] = child()) == 0) _exit(k);
		int sum = 0;
		for (int k = 0; k < 3; k++) {
			pid_t r = wait(&s);
			must(r == a[0] || r == a[1] || r == a[2]);
			sum += 1 << 4 * WEXITSTATUS(s);
		}
		same(sum, 0x111);
	}
	return ok();
}
