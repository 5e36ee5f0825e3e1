// A signal from home that ends a moved process (SIGKILL) ends it there too; the parent sees exactly that.
#include "zoo.h"
int main(void) {
	int p[2];
	must(!pipe(p));
	told();
	pid_t c = child();
	if (c == 0) {
		while (more()) ;
		give(p[1], "k", 1);
		for (volatile long n = 0;; n++) ;
	}
	close(p[1]);
	ready_as(c);
	char b;
	must(take(p[0], &b, 1));
	nap(10);
	must(!kill(c, SIGKILL));
	dies(c, SIGKILL);
	same(read(p[0], &b, 1), 0);
	return ok();
}
