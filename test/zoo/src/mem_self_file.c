// /proc/self/mem shows the program's own memory, by whatever path it is opened: for that the process comes home, and stays while it is open.
// expect: comes-home
#include "zoo.h"
static volatile uint64_t word;
static void use(int fd, uint64_t n) {
	uint64_t v = 0;
	must(fd >= 0);
	word = n * 0x0101010101;
	same(pread(fd, &v, 8, (uintptr_t)&word), 8);
	same(v, word);
	v = n + 5;
	same(pwrite(fd, &v, 8, (uintptr_t)&word), 8);
	same(word, n + 5);
	close(fd);
}
int main(void) {
	ready();
	for (uint64_t n = 1; more(); n++) {
		nap(30); // time to leave
		char path[64];
		use(open("/proc/self/mem", O_RDWR), n);
		snprintf(path, sizeof path, "/proc/%d/task/%d/mem", getpid(), tid());
		use(open(path, O_RDWR), n);
		int dir = open("/proc/thread-self", O_RDONLY | O_DIRECTORY);
		use(openat(dir, "mem", O_RDWR), n);
		close(dir);
	}
	return ok();
}
