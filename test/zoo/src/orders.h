// orders.h: a child that stays at home does what it is told, one thing at a time. The program says what by obeys.
#ifndef ORDERS_H
#define ORDERS_H
#include "zoo.h"
static int go[2], done[2];
static void obeys(char what);

// order has the child do something, and returns when it has.
static void order(char what) {
	char b;
	give(go[1], &what, 1);
	must(take(done[0], &b, 1));
}

// employs makes the child, which ends with this status when it is told nothing any more.
static pid_t employs(int status) {
	must(!pipe(go) && !pipe(done));
	pid_t c = child();
	if (c == 0) {
		char what;
		close(go[1]), close(done[0]);
		while (take(go[0], &what, 1)) {
			obeys(what);
			give(done[1], &what, 1);
		}
		_exit(status);
	}
	close(go[0]), close(done[1]);
	return c;
}
#endif
