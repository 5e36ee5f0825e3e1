// eventfd counts, as a semaphore and as a sum, between threads and with a child at home.
#include "zoo.h"
static int ping, pong;
static void *echo(void *p) {
	eventfd_t v;
	while (!eventfd_read(ping, &v) && v != 1000000) must(!eventfd_write(pong, v + 1));
	return 0;
}
int main(void) {
	int sem = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK);
	must((ping = eventfd(0, 0)) >= 0 && (pong = eventfd(0, 0)) >= 0 && sem >= 0);
	pthread_t t = thread(echo, 0);
	ready();
	for (eventfd_t i = 1, v; more(); i++) {
		must(!eventfd_write(ping, i) && !eventfd_read(pong, &v));
		same(v, i + 1);
		pid_t c = child();
		if (c == 0) eventfd_write(sem, 2), eventfd_write(sem, 1), _exit(0);
		exits(c, 0);
		for (int k = 0; k < 3; k++) {
			must(!eventfd_read(sem, &v));
			same(v, 1);
		}
		fails(eventfd_read(sem, &v), EAGAIN);
	}
	eventfd_write(ping, 1000000);
	join(t);
	return ok();
}
