// Shared anonymous memory that no other process has moves with its only user, and stays what it is: memory that keeps what is in it when it is dropped, and that two mappings show.
// quick
#include "zoo.h"
enum { page = 4096, pages = 64, size = page * pages };
int main(void) {
	unsigned char *m = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(m != MAP_FAILED);
	// A second mapping of the same memory: mremap(2) with an old size of 0.
	unsigned char *twin = mremap(m, 0, size, MREMAP_MAYMOVE);
	must(twin != MAP_FAILED && twin != m);
	must(!mprotect(m + 8 * page, page, PROT_READ));
	unsigned char want[pages] = {0};
	ready();
	for (unsigned lap = 1; more(); lap++) {
		for (int i = 0; i < pages; i++) {
			same(m[i * page + 7], want[i]);
			same(twin[i * page + 7], want[i]);
		}
		int at = lap * 5 % pages;
		twin[at * page + 7] = want[at] = lap;
		same(m[at * page + 7], want[at]);
		must(!madvise(m, size, MADV_DONTNEED) && !madvise(twin, size, MADV_DONTNEED));
		same(m[at * page + 7], want[at]);
		int gone = lap * 11 % pages;
		must(!madvise(twin + gone * page, page, MADV_REMOVE));
		want[gone] = 0;
		same(m[gone * page + 7], 0);
		must(!msync(m, size, MS_ASYNC));
	}
	return ok();
}
