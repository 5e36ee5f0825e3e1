// A process that holds an io_uring cannot be moved, and its ring goes on working.
// expect: refused cannot-move
#include "zoo.h"
#include <linux/io_uring.h>
int main(void) {
	struct io_uring_params p = {0};
	int fd = syscall(SYS_io_uring_setup, 4, &p);
	if (fd < 0) {
		dprintf(1, "skip no io_uring here\n");
		return 77;
	}
	char *sq = mmap(0, p.sq_off.array + p.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	char *cq = mmap(0, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_CQ_RING);
	struct io_uring_sqe *e = mmap(0, p.sq_entries * sizeof *e, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQES);
	must(sq != MAP_FAILED && cq != MAP_FAILED && e != MAP_FAILED);
	ready();
	for (uint64_t n = 0; more(); n++) {
		unsigned tail = *(unsigned *)(sq + p.sq_off.tail), at = tail & (p.sq_entries - 1);
		e[at] = (struct io_uring_sqe){.opcode = IORING_OP_NOP, .user_data = n};
		((unsigned *)(sq + p.sq_off.array))[at] = at;
		__atomic_store_n((unsigned *)(sq + p.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
		same(syscall(SYS_io_uring_enter, fd, 1, 1, IORING_ENTER_GETEVENTS, 0, 0), 1);
		unsigned head = *(unsigned *)(cq + p.cq_off.head);
		struct io_uring_cqe *c = (void *)(cq + p.cq_off.cqes);
		same(c[head & (p.cq_entries - 1)].user_data, n);
		__atomic_store_n((unsigned *)(cq + p.cq_off.head), head + 1, __ATOMIC_RELEASE);
	}
	return ok();
}
