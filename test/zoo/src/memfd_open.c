// What is read, written, cut or copied by a descriptor of mapped memory, and what another process does that has got it, is what the mapping shows.
// expect: comes-home
#include "zoo.h"
enum { page = 4096, size = 8 * page };
int main(void) {
	int fd = memfd_create("open", MFD_CLOEXEC);
	must(fd >= 0 && !ftruncate(fd, size));
	volatile unsigned *a = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	volatile unsigned *b = mmap(0, size, PROT_READ, MAP_SHARED, fd, 0);
	must(a != MAP_FAILED && b != MAP_FAILED);
	ready();
	for (unsigned lap = 1, got; more(); lap++) {
		nap(30);
		a[1] = lap;
		same(b[1], lap);
		switch (lap % 8) {
		case 0:
			same(pread(fd, &got, 4, 4), 4);
			same(got, lap);
			break;
		case 1:
			got = ~lap;
			same(pwrite(fd, &got, 4, 5000), 4);
			same(b[1250], ~lap);
			break;
		case 2:
			must(!ftruncate(fd, page) && !ftruncate(fd, size));
			same(b[1024], 0);
			break;
		case 3:
			same(lseek(fd, 4, SEEK_SET), 4);
			must(take(fd, (char *)&got, 4));
			same(got, lap);
			break;
		case 4: {
			int other = dup(fd);
			must(other >= 0);
			got = lap * 2;
			same(pwrite(other, &got, 4, 8), 4);
			same(a[2], lap * 2);
			must(!close(other));
			break;
		}
		case 5: {
			pid_t c = child();
			if (c == 0) {
				got = lap + 5;
				_exit(pwrite(fd, &got, 4, 12) == 4 && a[1] == lap ? 0 : 1);
			}
			exits(c, 0);
			same(b[3], lap + 5);
			break;
		}
		case 6: {
			char name[32];
			snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
			int other = open(name, O_RDWR | O_CLOEXEC);
			must(other >= 0);
			same(pread(other, &got, 4, 4), 4);
			same(got, lap);
			must(!close(other));
			break;
		}
		case 7: {
			int p[2];
			must(!pipe(p));
			off_t at = 4;
			same(sendfile(p[1], fd, &at, 4), 4);
			must(take(p[0], (char *)&got, 4));
			same(got, lap);
			must(!close(p[0]) && !close(p[1]));
			break;
		}
		}
	}
	return ok();
}
