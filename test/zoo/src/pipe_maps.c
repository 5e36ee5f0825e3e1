// What a thread writes that waits for room is what it had, whatever files another one maps meanwhile.
// quick
#include "zoo.h"

enum { size = 2 << 20, part = 1 << 20, most = 40 };
static unsigned char b[size], got[size], text[part];
static int to[2], go[2];

static void *writes(void *arg) {
	for (char one; take(go[0], &one, 1);) give(to[1], b, size);
	return 0;
}

int main(void) {
	int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	memset(text, 'f', part);
	must(fd >= 0);
	give(fd, text, part);
	must(!pipe(to) && !pipe(go));
	pthread_t t = thread(writes, 0);
	ready();
	for (unsigned x = 0; more(); x++) {
		for (int i = 0; i < size; i += 64) b[i] = i / 64 + x;
		give(go[1], "", 1);
		nap(3); // it waits for room
		int maps = 1 + x % most; // more than before are where nothing has been
		unsigned char *m[most];
		for (int i = 0; i < maps; i++) {
			must((m[i] = mmap(0, part, PROT_READ, MAP_PRIVATE, fd, 0)) != MAP_FAILED);
			same(m[i][x % part], 'f');
		}
		must(take(to[0], got, size));
		for (int i = 0; i < size; i += 64) same(got[i], (unsigned char)(i / 64 + x));
		for (int i = 0; i < maps; i++) {
			for (int j = 0; j < part; j += 4096) same(m[i][j], 'f');
			must(!munmap(m[i], part));
		}
	}
	close(go[1]);
	join(t);
	return ok();
}
