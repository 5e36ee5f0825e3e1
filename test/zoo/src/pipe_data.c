// Data written to and read from pipes arrives once, whole and in order.
// A move in the middle of a blocking read or write neither loses nor doubles bytes.
// quick
#include "zoo.h"
int main(void) {
	int in[2], out[2];
	must(!pipe(in) && !pipe(out));
	pid_t echo = child();
	if (echo == 0) { // stays at home and sends everything back in odd portions
		close(in[0]), close(out[1]);
		char b[7001];
		ssize_t n;
		while ((n = read(out[0], b, 1 + rand() % 7000)) > 0) give(in[1], b, n);
		_exit(9);
	}
	close(in[1]), close(out[0]);
	ready();
	uint32_t v[3000], w[3000], next = 0;
	while (more()) {
		for (int i = 0; i < 3000; i++) v[i] = next++;
		give(out[1], v, sizeof v);
		must(take(in[0], w, sizeof w));
		must(!memcmp(v, w, sizeof v));
	}
	close(out[1]);
	char c;
	same(read(in[0], &c, 1), 0);
	exits(echo, 9);
	return ok();
}
