// A long file that a process reads and makes longer at the same time, by two descriptors, ends where it has written last.
// quick
#include "zoo.h"
enum { words = 64 << 10, step = 32 << 10 };
int main(void) {
	static uint64_t b[words];
	ready();
	for (unsigned lap = 0; more(); lap++) {
		int out = open("grows", O_WRONLY | O_CREAT | O_TRUNC, 0600), in = open("grows", O_RDONLY);
		must(out >= 0 && in >= 0);
		uint64_t written = 0, seen = 0;
		for (int i = 0; i < 256; i++) {
			for (int k = 0; k < step / 8; k++) b[k] = written++;
			give(out, b, step);
		}
		// It reads faster than it writes, until it is at the end, again and again.
		for (int i = 0; i < 400; i++) {
			ssize_t n = read(in, b, step);
			must(n >= 0);
			same(n, (written - seen) * 8 < step ? (written - seen) * 8 : step);
			for (ssize_t k = 0; k < n / 8; k++) same(b[k], seen++);
			if (i % 5) continue;
			b[0] = written++;
			give(out, b, 8);
		}
		same(seen, written - (399 % 5 ? 0 : 1));
		must(!close(in) && !close(out));
	}
	return ok();
}
