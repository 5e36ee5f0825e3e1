// The CPUs a program may use exist and are not none; what it sets it gets back; the CPU it runs on is among those the machine has.
#include "zoo.h"
int main(void) {
	ready();
	long conf = sysconf(_SC_NPROCESSORS_CONF);
	while (more()) {
		cpu_set_t s, one, got;
		CPU_ZERO(&s);
		must(!sched_getaffinity(0, sizeof s, &s));
		must(CPU_COUNT(&s) > 0);
		int first = -1;
		for (int i = 0; i < CPU_SETSIZE; i++)
			if (CPU_ISSET(i, &s)) {
				must(i < conf);
				if (first < 0) first = i;
			}
		unsigned cpu = 9999, node = 9999;
		must(!syscall(SYS_getcpu, &cpu, &node, 0));
		must(cpu < conf && sched_getcpu() >= 0 && sched_getcpu() < conf);
		CPU_ZERO(&one);
		CPU_SET(first, &one);
		must(!sched_setaffinity(0, sizeof one, &one) && !sched_getaffinity(0, sizeof got, &got));
		must(CPU_EQUAL(&one, &got));
		must(!sched_setaffinity(0, sizeof s, &s));
		CPU_ZERO(&one);
		fails(sched_setaffinity(0, sizeof one, &one), EINVAL);
	}
	return ok();
}
