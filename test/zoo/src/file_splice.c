// sendfile, splice, tee and copy_file_range move bytes that never pass through the program.
#include "zoo.h"
#include <sys/sendfile.h>
int main(void) {
	char a[30000], b[30000];
	for (size_t i = 0; i < sizeof a; i++) a[i] = i * 31 + i / 256;
	int in = open("splice.in", O_RDWR | O_CREAT | O_TRUNC, 0600), out = open("splice.out", O_RDWR | O_CREAT | O_TRUNC, 0600);
	must(in >= 0 && out >= 0);
	give(in, a, sizeof a);
	ready();
	while (more()) {
		must(!ftruncate(out, 0) && !lseek(out, 0, SEEK_SET));
		off_t from = 100;
		same(sendfile(out, in, &from, 20000), 20000);
		same(from, 20100);
		loff_t start = 20100;
		int p[2], q[2];
		must(!pipe(p) && !pipe(q));
		same(splice(in, &start, p[1], 0, 4000, 0), 4000);
		same(start, 24100);
		same(tee(p[0], q[1], 4000, 0), 4000);
		same(splice(p[0], 0, out, 0, 4000, 0), 4000);
		must(take(q[0], b, 4000) && !memcmp(b, a + 20100, 4000));
		loff_t to = 24000;
		ssize_t n = copy_file_range(in, &start, out, &to, 1000, 0);
		if (n == -1) must(errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP);
		else same(n, 1000);
		size_t want = n > 0 ? 25000 : 24000;
		same(pread(out, b, sizeof b, 0), want);
		must(!memcmp(a + 100, b, want));
		close(p[0]), close(p[1]), close(q[0]), close(q[1]);
	}
	return ok();
}
