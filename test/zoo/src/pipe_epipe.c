// Writing to a pipe nobody reads: SIGPIPE, then EPIPE; a reader that leaves while we are blocked counts too.
#include "zoo.h"
static volatile int pipes;
static void on(int s, siginfo_t *i, void *u) { pipes++; }
int main(void) {
	handle(SIGPIPE, on, 0);
	ready();
	int wanted = 0;
	while (more()) {
		int p[2];
		must(!pipe(p));
		close(p[0]);
		fails(write(p[1], "x", 1), EPIPE);
		same(pipes, ++wanted);
		close(p[1]);
		int s[2];
		must(!socketpair(AF_UNIX, SOCK_STREAM, 0, s));
		close(s[0]);
		fails(send(s[1], "x", 1, MSG_NOSIGNAL), EPIPE);
		same(pipes, wanted);
		fails(write(s[1], "x", 1), EPIPE);
		same(pipes, ++wanted);
		close(s[1]);
		signal(SIGPIPE, SIG_IGN);
		must(!pipe(p));
		close(p[0]);
		fails(write(p[1], "x", 1), EPIPE);
		close(p[1]);
		handle(SIGPIPE, on, 0);
		pid_t c = child();
		if (c == 0) { // the default action kills
			signal(SIGPIPE, SIG_DFL);
			must(!pipe(p));
			close(p[0]);
			write(p[1], "x", 1);
			_exit(1);
		}
		dies(c, SIGPIPE);
	}
	return ok();
}
