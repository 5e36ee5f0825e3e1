// A write that waits for room is not ended by signals that are ignored: of children that end meanwhile, and others.
// quick
#include "zoo.h"

enum { size = 200000 };
static char b[size], got[8000];

int main(void) {
	int p[2], back[2];
	must(!pipe(p) && !pipe(back));
	pid_t reader = child();
	if (reader == 0) { // takes its time
		close(p[1]), close(back[0]);
		for (unsigned x = 0;; x++) {
			for (int left = size, n; left > 0; left -= n) {
				if ((n = read(p[0], got, left < (int)sizeof got ? left : (int)sizeof got)) <= 0) _exit(n == 0 && left == size ? 9 : 1);
				for (int i = 0; i < n; i++)
					if (got[i] != (char)((size - left + i) * 7 + x)) _exit(2);
				nap(1);
			}
			if (write(back[1], "", 1) != 1) _exit(3);
		}
	}
	close(p[0]), close(back[1]);
	signal(SIGUSR1, SIG_IGN);
	int shorts = 0; // pipe_whole tells why some may be
	ready();
	for (unsigned x = 0; more(); x++) {
		for (int i = 0; i < size; i++) b[i] = i * 7 + x;
		pid_t c = child();
		if (c == 0) {
			for (int i = 0; i < 4; i++) nap(2), kill(getppid(), SIGUSR1);
			_exit(5);
		}
		ssize_t n = write(p[1], b, size);
		must(n > 0);
		if (n < size) shorts++, give(p[1], b + n, size - n);
		exits(c, 5);
		char one;
		same(read(back[0], &one, 1), 1);
	}
	must(shorts <= 3);
	close(p[1]);
	exits(reader, 9);
	return ok();
}
