// A terminal opened at home: modes, window size, line discipline, names; struct sizes are the kernel's.
#include "zoo.h"
#include <pty.h>
#include <termios.h>
static volatile int winch;
static void on(int s, siginfo_t *i, void *u) { winch++; }
int main(void) {
	int m, t;
	struct winsize w = {24, 80, 0, 0}, v;
	pid_t c = forkpty(&m, 0, 0, &w);
	must(c >= 0);
	if (c) { // the parent keeps the other end at home and plays the user
		ready_as(c);
		char b[4096];
		int said = 0;
		double start = now();
		for (;;) {
			must(now() - start < 60);
			struct pollfd f = {m, POLLIN, 0};
			if (poll(&f, 1, 5) > 0) {
				ssize_t n = read(m, b, sizeof b - 1);
				if (n <= 0) break; // EIO: the session has ended
				b[n] = 0;
				char *p = strstr(b, "violated");
				if (p || strstr(b, " is ")) dprintf(1, "%s\n", b), said = 1;
			}
			w.ws_col = w.ws_col == 80 ? 132 : 80;
			must(!ioctl(m, TIOCSWINSZ, &w));
			if (write(m, "abc\177d\n", 6) == -1) break;
		}
		must(!said);
		exits(c, 0);
		return ok();
	}
	t = open("/dev/tty", O_RDWR);
	must(t >= 0);
	handle(SIGWINCH, on, SA_RESTART);
	int laps = 0;
	char name[64];
	while (more() || laps < 5) {
		struct termios a, b;
		struct { char before[64]; struct termios t; char after[64]; } guard;
		memset(&guard, 0x5a, sizeof guard);
		must(isatty(0) && isatty(t) && !isatty(zoo.at < 0 ? -1 : zoo.at));
		must(!tcgetattr(0, &guard.t));
		for (int i = 0; i < 64; i++) must(guard.before[i] == 0x5a && guard.after[i] == 0x5a);
		a = guard.t;
		must(a.c_lflag & ICANON);
		char line[64];
		same(read(0, line, sizeof line), 4);
		must(!memcmp(line, "abd\n", 4)); // the erase character took the c away
		b = a;
		b.c_lflag &= ~(ICANON | ECHO);
		b.c_cc[VMIN] = 0, b.c_cc[VTIME] = 0;
		must(!tcsetattr(0, TCSANOW, &b) && !tcgetattr(t, &b));
		must(!(b.c_lflag & ICANON));
		must(!tcsetattr(0, TCSANOW, &a));
		must(!ioctl(0, TIOCGWINSZ, &v));
		must(v.ws_row == 24 && (v.ws_col == 80 || v.ws_col == 132));
		must(!ttyname_r(0, name, sizeof name) && !strncmp(name, "/dev/pts/", 9));
		same(tcgetpgrp(0), getpgrp());
		same(tcgetsid(t), getsid(0));
		must(!tcflush(0, TCIFLUSH) || errno == EIO);
		laps++;
	}
	must(winch > 0);
	_exit(0);
}
