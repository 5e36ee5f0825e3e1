// A file is read as it is when it is read: its state, its contents, its offset; also when others change it in between.
// quick
#include "zoo.h"
static int go[2], done[2];
static void order(char what) {
	char b;
	give(go[1], &what, 1);
	must(take(done[0], &b, 1));
}
static void rewrite(const char *path, char with, size_t n) {
	char b[100000];
	memset(b, with, n);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	must(fd >= 0);
	give(fd, b, n);
	must(!close(fd));
}
static int all(const char *b, char with, size_t n) {
	for (size_t i = 0; i < n; i++)
		if (b[i] != with) return 0;
	return 1;
}
int main(void) {
	static char b[100000];
	struct stat s;
	must(!pipe(go) && !pipe(done));
	rewrite("ahead", 'a', 1000);
	rewrite("ahead.big", 'b', sizeof b);
	rewrite("ahead.empty", 'e', 0);
	pid_t c = child();
	if (c == 0) {
		close(go[1]), close(done[0]);
		char what;
		while (take(go[0], &what, 1)) {
			rewrite("ahead", what, 1000 + what);
			give(done[1], &what, 1);
		}
		_exit(6);
	}
	close(go[0]), close(done[1]);
	ready();
	size_t size = 1000;
	char is = 'a';
	while (more()) {
		// The usual way, and pieces.
		int fd = open("ahead", O_RDONLY);
		must(fd >= 0 && !fstat(fd, &s));
		same(s.st_size, size);
		same(s.st_mode, S_IFREG | 0600);
		same(read(fd, b, sizeof b), size);
		must(all(b, is, size));
		same(read(fd, b, sizeof b), 0);
		same(lseek(fd, 0, SEEK_CUR), size);
		must(!close(fd));
		fails(close(fd), EBADF);
		fails(read(fd, b, 1), EBADF);
		fd = open("ahead", O_RDONLY);
		same(read(fd, b, 10), 10);
		same(read(fd, b, 0), 0);
		fails(write(fd, b, 1), EBADF);
		same(read(fd, b, 10), 10);
		same(lseek(fd, 0, SEEK_CUR), 20);
		// To and fro, and advice.
		same(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL), 0);
		same(posix_fadvise(fd, 0, -1, POSIX_FADV_RANDOM), EINVAL);
		same(posix_fadvise(fd, 0, 0, 77), EINVAL);
		same(lseek(fd, 7, SEEK_SET), 7);
		same(read(fd, b, 10), 10);
		same(lseek(fd, 0, SEEK_CUR), 17);
		fails(lseek(fd, -1, SEEK_SET), EINVAL);
		fails(lseek(fd, 0, 77), EINVAL);
		same(lseek(fd, 5000000, SEEK_SET), 5000000);
		same(read(fd, b, 10), 0);
		same(lseek(fd, 0, SEEK_END), size);
		same(lseek(fd, 20, SEEK_SET), 20);
		// Changed in between: what was not read is read as it is now.
		is = is == 'z' ? 'a' : is + 1;
		order(is);
		size = 1000 + is;
		must(!fstat(fd, &s));
		same(s.st_size, size);
		same(read(fd, b, sizeof b), size - 20);
		must(all(b, is, size - 20));
		must(!close(fd));
		// One offset for two processes and two descriptors.
		fd = open("ahead", O_RDONLY);
		same(read(fd, b, 100), 100);
		same(lseek(fd, 100, SEEK_SET), 100);
		same(read(fd, b, 50), 50);
		same(lseek(fd, 100, SEEK_SET), 100);
		int twin = dup(fd);
		same(read(twin, b, 100), 100);
		pid_t k = child();
		if (k == 0) {
			same(read(fd, b, 100), 100);
			_exit(7);
		}
		exits(k, 7);
		same(lseek(fd, 0, SEEK_CUR), 300);
		same(read(fd, b, sizeof b), size - 300);
		must(!close(twin) && !close(fd));
		// A long one in pieces, then back to its beginning.
		fd = open("ahead.big", O_RDONLY);
		size_t at = 0;
		for (ssize_t n; (n = read(fd, b, 7000)) > 0; at += n) must(all(b, 'b', n));
		same(at, sizeof b);
		same(lseek(fd, 50000, SEEK_SET), 50000);
		same(read(fd, b, 4096), 4096);
		same(pread(fd, b, 4096, 90000), 4096);
		same(read(fd, b, 4096), 4096);
		same(lseek(fd, 0, SEEK_CUR), 58192);
		void *m = mmap(0, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
		must(m != MAP_FAILED && all(m, 'b', 4096) && !munmap(m, 4096) && !close(fd));
		fd = open("ahead.empty", O_RDONLY);
		same(read(fd, b, 10), 0);
		must(!fstat(fd, &s));
		same(s.st_size, 0);
		// Numbers are given out as ever.
		int next = open("ahead", O_RDONLY);
		must(next > fd && !close(fd));
		same(open("ahead", O_RDONLY), fd);
		must(!close(fd) && !close(next));
	}
	close(go[1]);
	exits(c, 6);
	return ok();
}
