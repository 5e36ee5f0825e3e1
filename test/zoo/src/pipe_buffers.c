// What a large buffer holds that was mapped wherever the process was just then, and that a read waits to fill, is there still when the read ends, elsewhere.
// quick
#include "zoo.h"

enum { least = 1 << 20, more_of = 64 << 10, readers = 3, old = 24 << 20, few = 3 };
static int to[readers][2];

static void *reads(void *arg) {
	int k = (long)arg;
	for (unsigned x = k;; x++) {
		size_t size = least + x % 40 * more_of; // one that is larger than those before is where nothing has been
		unsigned char *b = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		must(b != MAP_FAILED);
		memset(b, 1 + x % 250, size);
		ssize_t n = read(to[k][0], b, size);
		must(n >= 0);
		for (ssize_t i = 0; i < n; i++) same(b[i], 0xff);
		for (size_t i = n; i < size; i += 512) same(b[i], 1 + x % 250);
		must(!munmap(b, size));
		if (n == 0) return 0;
	}
}

int main(void) {
	pthread_t t[readers];
	unsigned char *kept = mmap(0, old, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(kept != MAP_FAILED);
	memset(kept, 'k', old);
	for (long k = 0; k < readers; k++) {
		must(!pipe(to[k]));
		t[k] = thread(reads, (void *)k);
	}
	ready();
	for (unsigned x = 0; more(); x++) {
		nap(40);
		give(to[x % readers][1], "\xff\xff\xff", few);
		for (int i = 0; i < old; i += 4096) same(kept[i], 'k');
	}
	for (int k = 0; k < readers; k++) close(to[k][1]);
	for (int k = 0; k < readers; k++) join(t[k]);
	return ok();
}
