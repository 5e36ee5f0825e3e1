// /proc/self/mem and process_vm_readv on oneself show the program's own memory.
// open: a process that holds /proc/self/mem open is refused
#include "zoo.h"
static volatile uint64_t word;
int main(void) {
	int old = open("/proc/self/mem", O_RDWR);
	must(old >= 0);
	ready();
	for (uint64_t n = 1; more(); n++) {
		uint64_t v = 0;
		word = n * 0x0101010101;
		same(pread(old, &v, 8, (uintptr_t)&word), 8);
		same(v, word);
		int fd = open("/proc/self/mem", O_RDWR);
		must(fd >= 0);
		v = n + 5;
		same(pwrite(fd, &v, 8, (uintptr_t)&word), 8);
		same(word, n + 5);
		close(fd);
		struct iovec l = {&v, 8}, r = {(void *)&word, 8};
		word = n + 7;
		same(process_vm_readv(getpid(), &l, 1, &r, 1, 0), 8);
		same(v, n + 7);
		v = n + 9;
		same(process_vm_writev(getpid(), &l, 1, &r, 1, 0), 8);
		same(word, n + 9);
	}
	return ok();
}
