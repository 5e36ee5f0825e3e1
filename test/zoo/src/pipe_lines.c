// What a program writes into a pipe line by line comes whole, in order and in time, and it meets a full pipe, or one that nobody reads, as ever.
// quick
#include "zoo.h"
#include <poll.h>
#include <sys/ioctl.h>

enum { Lines = 500, Size = 10 };
static void line(int fd, int i) {
	char b[Size + 1];
	snprintf(b, sizeof b, "%09d\n", i);
	same(write(fd, b, Size), Size);
}

// writes is what the program does that is executed, with the pipe as its output.
static int writes(const char *how) {
	int there, n = 0;
	char c = 'x';
	if (!strcmp(how, "all")) {
		for (int i = 0; i < Lines; i++) line(1, i);
	} else if (!strcmp(how, "killed")) {
		for (int i = 0; i < Lines; i++) line(1, i);
		raise(SIGKILL);
	} else if (!strcmp(how, "rests")) {
		for (int i = 0; i < 300; i++) line(1, i);
		for (;;) {}
	} else if (!strcmp(how, "asks")) {
		for (int i = 0; i < 300; i++) {
			line(1, i);
			if (i % 50 == 49) {
				must(!ioctl(1, FIONREAD, &there));
				same(there % Size, 0);
				same(read(0, &c, 1), 1); // all until then has been read
				must(!ioctl(1, FIONREAD, &there));
				same(there, 0);
			}
		}
	} else if (!strcmp(how, "forks")) {
		for (int i = 0; i < 100; i++) line(1, i);
		pid_t p = child();
		for (int i = 100; i < 200; i++) line(1, i);
		if (!p) _exit(0);
		exits(p, 0);
		for (int i = 200; i < 300; i++) line(1, i);
	} else if (!strcmp(how, "fills")) {
		must(!fcntl(1, F_SETFL, O_NONBLOCK));
		while (write(1, "0123456789", 10) == 10) n++;
		same(errno, EAGAIN);
		must(!ioctl(1, FIONREAD, &there));
		same(there, n * 10);
		same(read(0, &c, 1), 1);
		return n == 16 * 409 ? 4 : 9; // a page takes 409 of them
	} else if (!strcmp(how, "broken")) {
		signal(SIGPIPE, SIG_IGN);
		while (write(1, "0123456789", 10) == 10) n++;
		return errno == EPIPE && n >= 300 ? 4 : 9;
	} else if (!strcmp(how, "ended")) {
		for (;;) must(write(1, "0123456789", 10) == 10);
	} else { // packets
		for (int i = 0; i < 300; i++) line(1, i);
	}
	return 4;
}

// begins executes it with a pipe as its output, of which nobody else has the end to write, and another as its input.
static pid_t begins(char *self, char *how, int flags, int *out, int *in) {
	int p[2], q[2];
	must(!pipe2(p, flags) && !pipe(q));
	pid_t c = child();
	if (!c) {
		must(dup2(p[1], 1) == 1 && dup2(q[0], 0) == 0);
		close(p[0]), close(p[1]), close(q[0]), close(q[1]);
		execl("/proc/self/exe", self, how, (char *)0);
		_exit(8);
	}
	close(p[1]), close(q[0]);
	*out = p[0], *in = q[1];
	return c;
}

static void gets_line(int fd, int i) {
	char b[Size + 1] = "", want[Size + 1];
	must(take(fd, b, Size));
	snprintf(want, sizeof want, "%09d\n", i);
	must(!strcmp(b, want));
}

static void none(int fd) {
	char c;
	same(read(fd, &c, 1), 0);
}

int main(int argc, char **argv) {
	if (argc > 1) return writes(argv[1]);
	ready();
	for (int lap = 0; more(); lap++) {
		int out, in;
		pid_t c = begins(argv[0], "all", 0, &out, &in);
		for (int i = 0; i < Lines; i++) gets_line(out, i);
		none(out);
		exits(c, 4);
		close(out), close(in);

		c = begins(argv[0], "killed", 0, &out, &in);
		dies(c, SIGKILL);
		for (int i = 0; i < Lines; i++) gets_line(out, i);
		none(out);
		close(out), close(in);

		c = begins(argv[0], "rests", 0, &out, &in);
		for (int i = 0; i < 300; i++) gets_line(out, i);
		kill(c, SIGTERM);
		dies(c, SIGTERM);
		close(out), close(in);

		c = begins(argv[0], "asks", 0, &out, &in);
		for (int i = 0; i < 300; i++) {
			gets_line(out, i);
			if (i % 50 == 49) give(in, "x", 1);
		}
		exits(c, 4);
		close(out), close(in);

		c = begins(argv[0], "forks", 0, &out, &in);
		int twice[300] = {0}, k;
		char b[Size + 1] = "";
		while (take(out, b, Size)) {
			must(sscanf(b, "%d", &k) == 1 && k >= 0 && k < 300);
			twice[k]++;
		}
		for (int i = 0; i < 300; i++) same(twice[i], i >= 100 && i < 200 ? 2 : 1);
		exits(c, 4);
		close(out), close(in);

		c = begins(argv[0], "fills", 0, &out, &in);
		give(in, "x", 1);
		exits(c, 4);
		close(out), close(in);

		c = begins(argv[0], "broken", 0, &out, &in);
		for (int i = 0; i < 300; i++) must(take(out, b, Size));
		close(out);
		exits(c, 4);
		close(in);

		c = begins(argv[0], "ended", 0, &out, &in);
		for (int i = 0; i < 300; i++) must(take(out, b, Size));
		close(out);
		dies(c, SIGPIPE);
		close(in);

		c = begins(argv[0], "packets", O_DIRECT, &out, &in);
		for (int i = 0; i < 300; i++) {
			char more[100];
			same(read(out, more, sizeof more), Size);
			same(atoi(more), i);
		}
		exits(c, 4);
		close(out), close(in);
	}
	return ok();
}
