// Memory of memfd_create that the process has open and maps again and again, as a compiler that keeps written code apart from running code, is one memory wherever it is mapped, and the process stays away.
// quick
#include "zoo.h"
enum { page = 4096, pages = 32, size = pages * page };
typedef int code(void);
int main(void) {
	int fd = memfd_create("views", MFD_CLOEXEC);
	must(fd >= 0 && !ftruncate(fd, (off_t)2 << 30));
	int kept = fcntl(fd, F_DUPFD_CLOEXEC, 100);
	unsigned char *x = mmap(0, size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, (off_t)1 << 30);
	must(kept == 100 && x != MAP_FAILED);
	unsigned want[pages] = {0};
	unsigned char *hole = mmap(0, 4 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ready();
	for (unsigned lap = 1; more(); lap++) {
		for (int i = 0; i < pages; i++)
			if (want[i]) same(((code *)(x + i * page))(), want[i]);
			else same(x[i * page], 0);
		int at = lap * 7 % pages;
		unsigned char *w = mmap(0, page, PROT_READ | PROT_WRITE, MAP_SHARED, lap & 1 ? fd : kept, ((off_t)1 << 30) + at * page);
		must(w != MAP_FAILED);
		want[at] = lap * 3 + 1;
		w[0] = 0xb8, w[5] = 0xc3; // mov $want, %eax; ret
		memcpy(w + 1, &want[at], 4);
		must(!munmap(w, page));
		same(((code *)(x + at * page))(), want[at]);
		int gone = lap * 5 % pages;
		must(!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, ((off_t)1 << 30) + gone * page, page));
		want[gone] = 0;
		same(x[gone * page], 0);
		must(!fallocate(fd, 0, (off_t)lap % 1000 * page, page));
		fails(fallocate(fd, 0, -1, page), EINVAL);
		w = mmap(hole + page, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, ((off_t)1 << 30) + at * page);
		must(w == hole + page && !memcmp(w, x + at * page, page));
		fails(mmap(0, page, PROT_READ, MAP_SHARED, fd, 100), EINVAL);
		struct stat st;
		must(!fstat(fd, &st) && st.st_size == (off_t)2 << 30);
		same(fcntl(kept, F_GETFD), FD_CLOEXEC);
		must(!msync(x, size, MS_SYNC));
	}
	return ok();
}
