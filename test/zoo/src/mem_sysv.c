// System V shared memory, semaphores and messages work as at home.
// expect: comes-home
#include "zoo.h"
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
int main(void) {
	ready();
	while (more()) {
		nap(20);
		int id = shmget(IPC_PRIVATE, 8192, IPC_CREAT | 0600), sem = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600), q = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
		must(id >= 0 && sem >= 0 && q >= 0);
		volatile int *m = shmat(id, 0, 0);
		must(m != (void *)-1);
		must(!shmctl(id, IPC_RMID, 0));
		pid_t c = child();
		if (c == 0) {
			m[5] = 99;
			semop(sem, &(struct sembuf){0, 1, 0}, 1);
			struct { long type; char text[8]; } t = {3, "message"};
			msgsnd(q, &t, 8, 0);
			_exit(0);
		}
		while (semop(sem, &(struct sembuf){0, -1, 0}, 1)) same(errno, EINTR);
		same(m[5], 99);
		struct { long type; char text[8]; } t;
		same(msgrcv(q, &t, 8, 3, 0), 8);
		must(!strcmp(t.text, "message"));
		exits(c, 0);
		same(semctl(sem, 0, GETVAL), 0);
		must(!shmdt((void *)m) && !semctl(sem, 0, IPC_RMID) && !msgctl(q, IPC_RMID, 0));
	}
	return ok();
}
