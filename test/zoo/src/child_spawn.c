// posix_spawn: file actions, attributes, PATH search, and errors reported through shared memory.
#include "zoo.h"
extern char **environ;
int main(void) {
	ready();
	while (more()) {
		int p[2];
		must(!pipe2(p, O_CLOEXEC));
		posix_spawn_file_actions_t f;
		posix_spawnattr_t a;
		sigset_t none, dfl;
		sigemptyset(&none), sigemptyset(&dfl), sigaddset(&dfl, SIGPIPE);
		posix_spawn_file_actions_init(&f), posix_spawnattr_init(&a);
		posix_spawn_file_actions_adddup2(&f, p[1], 1);
		posix_spawn_file_actions_addopen(&f, 0, "/dev/null", O_RDONLY, 0);
		posix_spawnattr_setflags(&a, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
		posix_spawnattr_setsigmask(&a, &none), posix_spawnattr_setsigdefault(&a, &dfl);
		pid_t c;
		char *argv[] = {"sh", "-c", "read x; echo got $? $0 $ZOO_SPAWN; exit 12", "zero", NULL}, *env[] = {"ZOO_SPAWN=env", "PATH=/usr/bin:/bin", NULL};
		same(posix_spawnp(&c, "sh", &f, &a, argv, env), 0);
		same(getpgid(c), c);
		close(p[1]);
		char b[64] = {0};
		same(read(p[0], b, sizeof b), 15);
		must(!strcmp(b, "got 1 zero env\n"));
		exits(c, 12);
		same(posix_spawn(&c, "/no/such", 0, 0, argv, environ), ENOENT);
		same(posix_spawn(&c, "/etc/passwd", 0, 0, argv, environ), EACCES);
		posix_spawn_file_actions_destroy(&f), posix_spawnattr_destroy(&a);
		close(p[0]);
	}
	fails(wait(0), ECHILD);
	return ok();
}
