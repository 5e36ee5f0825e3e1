// A named pipe: open blocks until the other side opens, data passes, end of file is seen.
#include "zoo.h"
int main(void) {
	unlink("fifo");
	must(!mkfifo("fifo", 0600));
	ready();
	while (more()) {
		pid_t c = child();
		if (c == 0) {
			nap(5);
			int fd = open("fifo", O_WRONLY);
			must(fd >= 0);
			give(fd, "through the fifo", 16);
			_exit(3);
		}
		int fd = open("fifo", O_RDONLY);
		must(fd >= 0);
		char b[32];
		must(take(fd, b, 16));
		must(!memcmp(b, "through the fifo", 16));
		same(read(fd, b, 1), 0);
		close(fd);
		exits(c, 3);
		fails(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
	}
	must(!unlink("fifo"));
	return ok();
}
