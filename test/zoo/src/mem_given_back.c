// Memory that home gets back while the process is away is there again when it comes home, its children's too: anonymous, and
// of a file; and its arguments can be read meanwhile.
// quick
#include "zoo.h"
enum { words = (24 << 20) / 8 };
static uint64_t sum(const uint64_t *p, size_t n) {
	uint64_t s = 0;
	for (size_t i = 0; i < n; i++) s = s * 31 + p[i];
	return s;
}
int main(int argc, char **argv) {
	(void)argc;
	uint64_t x = 0x9e3779b97f4a7c15, *p = malloc(words * 8);
	must(p);
	for (size_t i = 0; i < words; i++) p[i] = random_next(&x);
	// The second page of a file's three is changed, the others are the file's.
	char first[4096 * 3];
	int fd = open("given_back", O_RDWR | O_CREAT | O_EXCL, 0600);
	must(fd >= 0);
	memset(first, 'f', sizeof first);
	same(write(fd, first, sizeof first), sizeof first);
	char *file = mmap(NULL, sizeof first, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	must(file != MAP_FAILED && !unlink("given_back"));
	file[5000] = 'm';
	uint64_t want = sum(p, words);
	ready();
	while (more()) {
		must(sum(p, words) == want);
		must(file[0] == 'f' && file[5000] == 'm' && file[5001] == 'f' && file[9000] == 'f');
		pid_t c = child();
		if (c == 0) {
			must(sum(p, words) == want);
			memset(p, 1, words * 8);
			file[5000] = 0;
			_exit(7);
		}
		exits(c, 7);
		char args[PATH_MAX] = "";
		int a = open("/proc/self/cmdline", O_RDONLY);
		must(a >= 0 && read(a, args, sizeof args) > 0);
		must(!strcmp(args, argv[0]));
		close(a);
		size_t k = random_next(&x) % words;
		p[k] ^= x;
		want = sum(p, words);
	}
	return ok();
}
