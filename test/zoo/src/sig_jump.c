// siglongjmp out of a handler, from the middle of a blocking call and of a computation.
#include "zoo.h"
static sigjmp_buf out;
static void on(int s, siginfo_t *i, void *u) { siglongjmp(out, s); }
int main(void) {
	int p[2];
	must(!pipe(p));
	handle(SIGALRM, on, 0);
	ready();
	for (volatile int lap = 0; more(); lap++) {
		char b;
		int s = sigsetjmp(out, 1);
		if (s == 0) {
			setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 3000}}, 0);
			if (lap % 2) read(p[0], &b, 1);
			else
				for (volatile long n = 0;; n++) ;
			must(!"reached");
		}
		same(s, SIGALRM);
		give(p[1], "x", 1);
		must(take(p[0], &b, 1));
		same(b, 'x');
	}
	return ok();
}
