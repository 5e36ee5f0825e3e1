// Calls that do not exist give ENOSYS; wrong arguments give the errno they give at home.
#include "zoo.h"
int main(void) {
	ready();
	while (more()) {
		fails(syscall(9999), ENOSYS);
		fails(syscall(-1), ENOSYS);
		fails(close(-1), EBADF);
		fails(read(-1, 0, 0), EBADF);
		fails(fcntl(0, 9999), EINVAL);
		fails(ioctl(0, TIOCGWINSZ, &(struct winsize){0}), ENOTTY);
		fails(lseek(zoo.at < 0 ? -1 : zoo.at, 0, 0), EBADF);
		fails(socket(AF_UNIX, 99, 0), EINVAL);
		fails(syscall(SYS_kill, getpid(), 1000), EINVAL);
		fails(waitpid(999999, 0, 0), ECHILD);
		fails(syscall(SYS_futex, 1, 0, 0, 0, 0, 0), EINVAL);
		fails(syscall(SYS_clock_gettime, 99, 0), EINVAL);
		fails(syscall(SYS_nanosleep, &(struct timespec){0, 2000000000}, 0), EINVAL);
	}
	return ok();
}
