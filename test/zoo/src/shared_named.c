// Memory that processes share and that has a name: who opens it finds what they have stored, and they what he has.
// expect: comes-home
// quick
#include "zoo.h"
enum { size = 8192 };
struct all { long count, ours[3]; volatile long stop; };
int main(void) {
	char name[64];
	snprintf(name, sizeof name, "/zoo-shared-named-%d", getpid());
	shm_unlink(name);
	int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	must(fd >= 0 && !ftruncate(fd, size));
	struct all *m = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(m != MAP_FAILED && !close(fd));
	pid_t stays = child();
	if (stays == 0) { // so that it is shared all the time
		for (; !m->stop; usleep(3000)) {
			__atomic_fetch_add(&m->count, 1, __ATOMIC_SEQ_CST);
			m->ours[1]++;
		}
		_exit(5);
	}
	pid_t opens = child();
	if (opens == 0) {
		must(!munmap(m, size));
		for (long n = 0, stop = 0; !stop; usleep(20000)) {
			int f = shm_open(name, O_RDWR, 0);
			must(f >= 0);
			struct all *v = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
			must(v != MAP_FAILED && !close(f));
			for (int twice = 0; twice < 2; twice++) { // others leave while it has it
				must(v->ours[2] == n);
				long before = __atomic_load_n(&v->count, __ATOMIC_SEQ_CST);
				must(before >= n);
				for (int i = 0; i < 100; i++) __atomic_fetch_add(&v->count, 1, __ATOMIC_SEQ_CST);
				v->ours[2] = n += 100;
				stop = v->stop;
				if (!twice && n / 200 % 3) usleep(100000);
			}
			must(!munmap(v, size));
		}
		_exit(6);
	}
	ready();
	while (more()) {
		for (int i = 0; i < 50; i++) {
			__atomic_fetch_add(&m->count, 1, __ATOMIC_SEQ_CST);
			m->ours[0]++;
			usleep(100);
		}
	}
	m->stop = 1;
	exits(stays, 5);
	exits(opens, 6);
	same(m->count, m->ours[0] + m->ours[1] + m->ours[2]);
	must(!shm_unlink(name));
	return ok();
}
