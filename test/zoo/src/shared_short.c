// Children with which memory is shared end one after the other, some while it is looked who has it.
// expect: comes-home
#include "zoo.h"
enum { many = 6 };
int main(void) {
	volatile int *m = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(m != MAP_FAILED);
	ready();
	int lap = 1;
	for (; more(); lap++) {
		pid_t c[many];
		for (int i = 0; i < many; i++) {
			if ((c[i] = child()) != 0) continue;
			for (double until = now() + i * 0.0007; now() < until;) m[i + many] = lap;
			m[i] += lap;
			_exit(0);
		}
		for (int i = 0; i < many; i++) exits(c[i], 0);
	}
	for (int i = 0; i < many; i++) same(m[i], lap * (lap - 1) / 2);
	return ok();
}
