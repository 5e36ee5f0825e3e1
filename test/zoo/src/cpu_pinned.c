// A thread that has bound itself to a CPU stays bound, with those it makes, wherever it is; the timer slack and the name it was given stay its own.
// quick
#include "zoo.h"
#include <sys/auxv.h>
static int cpu;
static void *bound(void *p) {
	cpu_set_t s;
	must(!sched_getaffinity(0, sizeof s, &s));
	same(CPU_COUNT(&s), 1);
	must(CPU_ISSET(cpu, &s));
	return 0;
}
static void *free_one(void *p) {
	for (;;) pause();
}
int main(void) {
	cpu_set_t all, one;
	must(!sched_getaffinity(0, sizeof all, &all));
	pthread_t other = thread(free_one, 0);
	while (!CPU_ISSET(cpu, &all)) cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	must(!sched_setaffinity(0, sizeof one, &one));
	must(!prctl(PR_SET_TIMERSLACK, 77777, 0, 0, 0) && !prctl(PR_SET_NAME, "bound to one"));
	unsigned long aux[128];
	ready();
	while (more()) {
		bound(0);
		join(thread(bound, 0));
		cpu_set_t s;
		must(!pthread_getaffinity_np(other, sizeof s, &s) && CPU_EQUAL(&s, &all));
		same(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), 77777);
		char name[16];
		must(!prctl(PR_GET_NAME, name) && !strcmp(name, "bound to one"));
		same(pthread_getname_np(other, name, sizeof name), 0);
		must(!strcmp(name, "cpu_pinned"));
		long n = prctl(0x41555856, aux, sizeof aux, 0, 0); // PR_GET_AUXV
		must(n > 0 && n <= (long)sizeof aux);
		for (int i = 0; i < n / 8; i += 2)
			if (aux[i] == AT_RANDOM) same(aux[i + 1], getauxval(AT_RANDOM));
		pid_t c = child();
		if (c == 0) _exit(bound(0) ? 1 : 7);
		exits(c, 7);
	}
	return ok();
}
