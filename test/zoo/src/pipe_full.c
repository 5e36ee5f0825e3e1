// A full pipe: EAGAIN for one who does not wait, blocking until drained for one who does; the size can be asked and set.
#include "zoo.h"
int main(void) {
	ready();
	static char big[200000];
	for (size_t i = 0; i < sizeof big; i++) big[i] = i * 7;
	while (more()) {
		int p[2];
		must(!pipe2(p, O_NONBLOCK));
		same(fcntl(p[1], F_GETPIPE_SZ), 65536);
		same(write(p[1], big, sizeof big), 65536);
		fails(write(p[1], "x", 1), EAGAIN);
		int queued;
		must(!ioctl(p[0], FIONREAD, &queued));
		same(queued, 65536);
		same(fcntl(p[1], F_SETPIPE_SZ, 1 << 17), 1 << 17);
		same(write(p[1], big, 4096), 4096);
		close(p[0]), close(p[1]);
		must(!pipe(p));
		pid_t c = child();
		if (c == 0) {
			close(p[1]);
			static char got[sizeof big];
			nap(10);
			must(take(p[0], got, sizeof got));
			must(!memcmp(got, big, sizeof big));
			_exit(0);
		}
		close(p[0]);
		// Where no room can be made, a stop ends a waiting write early: the kernel's pipe_write returns what
		// is done as soon as a signal, a stop or a tracer wants the thread.
		for (size_t done = 0; done < sizeof big;) {
			ssize_t n = write(p[1], big + done, sizeof big - done);
			must(n > 0);
			done += n;
		}
		close(p[1]);
		exits(c, 0);
	}
	return ok();
}
