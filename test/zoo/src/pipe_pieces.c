// What a program reads from a pipe by small pieces, as a shell does, it gets once and in order, whoever else reads, writes or looks.
// quick
#include "zoo.h"
#include <poll.h>
#include <sys/ioctl.h>

enum { Many = 1300 }; // a few pieces of what goes ahead
static unsigned char value(int i) { return i * 31 + i / 251; }

// wrote makes a process that writes so many bytes, and the end of the pipe to read from, which nobody else has.
static int wrote(int n, int flags, pid_t *writer) {
	int p[2];
	must(!pipe2(p, flags));
	if (!(*writer = child())) {
		close(p[0]);
		for (int i = 0; i < n;) {
			unsigned char b[700];
			int k = 0;
			for (; k < (int)sizeof b && i < n; k++) b[k] = value(i++);
			give(p[1], b, k);
		}
		_exit(4);
	}
	close(p[1]);
	return p[0];
}

static int at; // in the pipe
static void one(int fd) {
	unsigned char c;
	same(read(fd, &c, 1), 1);
	same(c, value(at));
	at++;
}
static void several(int fd, int n) {
	while (n-- > 0) one(fd);
}
static void end(int fd, pid_t writer) {
	char c;
	same(read(fd, &c, 1), 0);
	close(fd);
	exits(writer, 4);
	at = 0;
}

static void alone(void) {
	pid_t w;
	int fd = wrote(Many, 0, &w);
	several(fd, Many);
	end(fd, w);
	fd = wrote(Many, 0, &w); // in sevens, of which the last is short
	unsigned char b[7];
	for (int n; (n = read(fd, b, sizeof b)) > 0; at += n)
		for (int i = 0; i < n; i++) same(b[i], value(at + i));
	same(at, Many);
	end(fd, w);
}

static void asked(void) {
	pid_t w;
	int fd = wrote(Many, 0, &w), there, less;
	struct pollfd p = {fd, POLLIN, 0};
	exits(w, 4);
	for (int i = 0; i < 200; i++) {
		one(fd);
		fails(lseek(fd, 0, SEEK_CUR), ESPIPE);
		fails(lseek(fd, 0, 77), EINVAL);
		fails(ioctl(fd, TCGETS, &w), ENOTTY);
	}
	must(!ioctl(fd, FIONREAD, &there));
	same(there, Many - 200);
	several(fd, 77);
	int other = dup(fd); // the same pipe by another number
	one(other), one(fd), one(other);
	must(!ioctl(other, FIONREAD, &less));
	same(less, there - 80);
	several(fd, 100);
	must(dup2(other, fd) == fd && !close(other));
	several(fd, Many - at);
	same(poll(&p, 1, 0), 1);
	same(p.revents, POLLHUP);
	char c;
	same(read(fd, &c, 1), 0);
	same(read(fd, &c, 0), 0);
	close(fd);
	at = 0;
}

// shared: children read some of it in between.
static void shared(void) {
	pid_t w;
	int fd = wrote(Many, 0, &w);
	for (int i = 0; i < 4; i++) {
		several(fd, 150);
		pid_t c = child();
		if (!c) {
			several(fd, 120);
			_exit(5);
		}
		exits(c, 5);
		at += 120;
	}
	several(fd, Many - at);
	end(fd, w);
}

// divided: each byte goes to one of two who read at once.
static void divided(void) {
	pid_t w;
	int fd = wrote(Many, 0, &w), p[2];
	static unsigned counts[2][256];
	memset(counts, 0, sizeof counts);
	must(!pipe(p));
	several(fd, 300);
	pid_t c = child();
	unsigned char b;
	if (!c) {
		while (read(fd, &b, 1) == 1) counts[0][b]++;
		give(p[1], counts[0], sizeof counts[0]);
		_exit(5);
	}
	while (read(fd, &b, 1) == 1) counts[1][b]++;
	must(take(p[0], counts[0], sizeof counts[0]));
	exits(c, 5);
	close(p[0]), close(p[1]);
	for (int i = at; i < Many; i++) counts[1][value(i)]--;
	for (int i = 0; i < 256; i++) same(counts[0][i] + counts[1][i], 0);
	end(fd, w);
}

// packets: a read of one byte takes the rest of its packet with it.
static void packets(void) {
	int p[2];
	unsigned char c, three[3];
	must(!pipe2(p, O_DIRECT));
	pid_t w = child();
	if (!w) {
		close(p[0]);
		for (int i = 0; i < 400; i++) {
			memset(three, i, 3);
			give(p[1], three, 3);
		}
		_exit(4);
	}
	close(p[1]);
	for (int i = 0; i < 400; i++) {
		same(read(p[0], &c, 1), 1);
		same(c, (unsigned char)i);
	}
	end(p[0], w);
}

// room: a writer who waits goes on when the reader has read, though that says nothing more.
static void room(void) {
	int p[2], back[2];
	char c;
	must(!pipe(p) && !pipe(back) && fcntl(p[1], F_SETPIPE_SZ, 4096) == 4096);
	pid_t w = child();
	if (!w) {
		close(p[0]);
		fcntl(p[1], F_SETFL, O_NONBLOCK);
		for (int i = 0; write(p[1], "x", 1) == 1; i++) must(i < 1 << 20);
		give(back[1], "f", 1); // full
		struct pollfd q = {p[1], POLLOUT, 0};
		same(poll(&q, 1, 20000), 1);
		same(q.revents, POLLOUT);
		same(write(p[1], "y", 1), 1);
		_exit(4);
	}
	close(p[1]);
	must(take(back[0], &c, 1));
	for (int i = 0; i < 4096; i++) same(read(p[0], &c, 1), 1);
	for (double until = now() + 0.2; now() < until;) {}
	exits(w, 4);
	while (read(p[0], &c, 1) == 1) {}
	same(c, 'y');
	close(p[0]), close(back[0]), close(back[1]);
}

// broken: who does not read to the end leaves the writer without a reader.
static void broken(void) {
	int p[2];
	must(!pipe(p));
	pid_t w = child();
	if (!w) {
		close(p[0]);
		signal(SIGPIPE, SIG_IGN);
		char b[100] = "";
		while (write(p[1], b, sizeof b) > 0) {}
		_exit(errno == EPIPE ? 4 : 9);
	}
	close(p[1]);
	char c;
	for (int i = 0; i < 500; i++) same(read(p[0], &c, 1), 1);
	close(p[0]);
	exits(w, 4);
}

// killed: what one who ends by a signal has read is gone, and the rest is there.
static void killed(int by_itself) {
	int p[2], go[2], there;
	unsigned char all[Many], c;
	must(!pipe(p) && !pipe(go));
	for (int i = 0; i < Many; i++) all[i] = value(i);
	pid_t r = child();
	if (!r) {
		close(p[1]);
		must(take(go[0], &c, 1)); // nobody else reads now
		several(p[0], 700);
		if (by_itself) raise(SIGKILL);
		for (;;) {}
	}
	close(p[0]);
	give(p[1], all, Many);
	give(go[1], "g", 1);
	if (!by_itself) {
		for (int i = 0; i < 1000 && !ioctl(p[1], FIONREAD, &there) && there > Many - 700; i++) nap(10);
		kill(r, SIGKILL);
	}
	dies(r, SIGKILL);
	must(!ioctl(p[1], FIONREAD, &there));
	same(there, Many - 700);
	close(p[1]), close(go[0]), close(go[1]);
}

int main(void) {
	ready();
	while (more()) {
		alone(), asked(), shared(), divided(), packets(), room(), broken(), killed(1), killed(0);
	}
	return ok();
}
