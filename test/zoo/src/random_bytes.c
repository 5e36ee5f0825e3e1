// Random numbers are random: getrandom and /dev/urandom give fresh bytes, before and after a move, in parent and child.
#include "zoo.h"
#include <sys/random.h>
int main(void) {
	uint64_t last[4] = {0}, v[4];
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	must(fd >= 0);
	ready();
	while (more()) {
		same(getrandom(v, 16, 0), 16);
		must(take(fd, v + 2, 16));
		for (int i = 0; i < 4; i++) must(v[i] != last[i] && v[i] != v[(i + 1) & 3]);
		memcpy(last, v, sizeof v);
		fails(getrandom(v, 16, 0x4000), EINVAL);
		char *big = malloc(1 << 20);
		same(getrandom(big, 1 << 20, 0), 1 << 20);
		free(big);
	}
	return ok();
}
