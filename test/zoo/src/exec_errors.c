// execve that fails leaves the program as it was: ENOENT, EACCES, ENOEXEC, E2BIG, ENOTDIR; and scripts and descriptors execute in a child.
#include "zoo.h"
extern char **environ;
int main(void) {
	int fd = open("script", O_CREAT | O_TRUNC | O_WRONLY, 0755);
	give(fd, "#!/bin/sh -e\nexit $(($1 + 2))\n", 30);
	close(fd);
	fd = open("noformat", O_CREAT | O_TRUNC | O_WRONLY, 0755);
	give(fd, "no format\n", 10);
	close(fd);
	close(open("noexec", O_CREAT | O_WRONLY, 0644));
	char *huge = malloc(3 << 20);
	memset(huge, 'h', 3 << 20), huge[(3 << 20) - 1] = 0;
	ready();
	while (more()) {
		char *argv[] = {"x", "5", NULL}, *big[] = {"x", huge, NULL};
		fails(execve("none", argv, environ), ENOENT);
		fails(execve("noexec", argv, environ), EACCES);
		fails(execve("noformat", argv, environ), ENOEXEC);
		fails(execve("script/x", argv, environ), ENOTDIR);
		fails(execve("script", big, environ), E2BIG);
		fails(syscall(SYS_execve, 8, argv, environ), EFAULT);
		pid_t c = child();
		if (c == 0) execve("script", argv, environ), _exit(1);
		exits(c, 7);
		c = child();
		if (c == 0) fexecve(open("/bin/true", O_RDONLY | O_CLOEXEC), argv, environ), _exit(1);
		exits(c, 0);
	}
	return ok();
}
