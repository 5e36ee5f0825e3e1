// Job control by a shell that is moved: foreground groups, ^C and ^Z typed at the terminal, SIGTTIN, stopped and continued jobs.
#include "zoo.h"
#include <pty.h>
#include <termios.h>
static int shell(void) {
	char b;
	signal(SIGTTOU, SIG_IGN), signal(SIGTTIN, SIG_IGN), signal(SIGTSTP, SIG_IGN);
	int key[2];
	must(!pipe(key));
	for (int lap = 0; more(); lap++) {
		pid_t job = child();
		if (job == 0) {
			setpgid(0, 0);
			signal(SIGTTOU, SIG_DFL), signal(SIGTTIN, SIG_DFL), signal(SIGTSTP, SIG_DFL);
			for (;;) read(0, &b, 1); // a background reader is stopped by SIGTTIN
		}
		setpgid(job, job);
		int s;
		same(waitpid(job, &s, WUNTRACED), job);
		must(WIFSTOPPED(s));
		same(WSTOPSIG(s), SIGTTIN);
		must(!tcsetpgrp(0, job) && !kill(-job, SIGCONT));
		same(waitpid(job, &s, WCONTINUED), job);
		must(WIFCONTINUED(s));
		same(tcgetpgrp(0), job);
		dprintf(1, "Z"); // asks the user for ^Z
		same(waitpid(job, &s, WUNTRACED), job);
		must(WIFSTOPPED(s));
		same(WSTOPSIG(s), SIGTSTP);
		must(!tcsetpgrp(0, getpgrp()));
		must(!tcsetpgrp(0, job) && !kill(-job, SIGCONT));
		dprintf(1, "C"); // and for ^C
		dies(job, SIGINT);
		must(!tcsetpgrp(0, getpgrp()));
	}
	_exit(0);
}
int main(void) {
	int m;
	told();
	pid_t c = forkpty(&m, 0, 0, 0);
	must(c >= 0);
	if (c == 0) return shell();
	ready_as(c);
	char b[4096], all[4096];
	int used = 0, echo = 0;
	for (double start = now();;) {
		must(now() - start < 60);
		ssize_t n = read(m, b, sizeof b);
		if (n <= 0) break;
		for (int i = 0; i < n; i++) {
			if (echo) echo = 0; // of what was typed: "^" and a letter, which may come one by one
			else if (b[i] == '^') echo = 1;
			else if (b[i] == 'Z' && used == 0) nap(2), give(m, "\032", 1);
			else if (b[i] == 'C' && used == 0) nap(2), give(m, "\003", 1);
			else if (b[i] != '\r' && b[i] != '\n' && used < 4000) all[used++] = b[i];
		}
	}
	if (used) dprintf(1, "%.*s\n", used, all);
	exits(c, 0);
	must(!used);
	return ok();
}
