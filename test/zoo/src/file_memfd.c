// A memfd is a file: offsets, sizes and seals hold while away.
#include "zoo.h"
int main(void) {
	int old = memfd_create("before", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	must(old >= 0);
	give(old, "made at home", 12);
	ready();
	while (more()) {
		char b[32];
		same(pread(old, b, 32, 0), 12);
		must(!memcmp(b, "made at home", 12));
		int fd = memfd_create("away", MFD_ALLOW_SEALING);
		must(fd >= 0 && !ftruncate(fd, 100000));
		same(pwrite(fd, "tail", 4, 99996), 4);
		same(lseek(fd, -4, SEEK_END), 99996);
		must(take(fd, b, 4) && !memcmp(b, "tail", 4));
		must(!fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE));
		same(fcntl(fd, F_GET_SEALS), F_SEAL_SHRINK | F_SEAL_WRITE);
		fails(pwrite(fd, "x", 1, 0), EPERM);
		fails(ftruncate(fd, 1), EPERM);
		close(fd);
	}
	return ok();
}
