// process_vm_readv and process_vm_writev on oneself, by process id, reach the program's own memory while away.
#include "zoo.h"
static volatile uint64_t word;
int main(void) {
	ready();
	for (uint64_t n = 1; more(); n++) {
		uint64_t v = 0;
		struct iovec l = {&v, 8}, r = {(void *)&word, 8};
		word = n + 7;
		same(process_vm_readv(getpid(), &l, 1, &r, 1, 0), 8);
		same(v, n + 7);
		v = n + 9;
		same(process_vm_writev(getpid(), &l, 1, &r, 1, 0), 8);
		same(word, n + 9);
		r.iov_base = (void *)8;
		fails(process_vm_readv(getpid(), &l, 1, &r, 1, 0), EFAULT);
	}
	return ok();
}
