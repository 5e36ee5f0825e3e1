// POSIX message queues and named semaphores carry messages between home and away.
// expect: comes-home
#include "zoo.h"
#include <mqueue.h>
int main(void) {
	char name[64];
	snprintf(name, sizeof name, "/zoo-%d", getpid());
	mqd_t q = mq_open(name, O_CREAT | O_RDWR | O_EXCL, 0600, &(struct mq_attr){.mq_maxmsg = 5, .mq_msgsize = 100});
	if (q == -1 && (errno == ENOSYS || errno == EACCES)) {
		dprintf(1, "skip no message queues here\n");
		return 77;
	}
	must(q >= 0 && !mq_unlink(name));
	ready();
	while (more()) {
		pid_t c = child();
		if (c == 0) {
			mq_send(q, "low", 4, 1), mq_send(q, "high", 5, 9);
			_exit(0);
		}
		exits(c, 0);
		char b[100];
		unsigned prio;
		struct timespec t = {time(0) + 15, 0};
		same(mq_timedreceive(q, b, 100, &prio, &t), 5);
		same(prio, 9);
		must(!strcmp(b, "high"));
		same(mq_receive(q, b, 100, &prio), 4);
		same(prio, 1);
	}
	return ok();
}
