// Reads a file until it is known, and starts itself anew in other ways each of which forbids it to; says what it can do
// there with that file and with a name that is not there.
//
//	confined [COMMAND]    files "secret", "closed/..." of others; by COMMAND it starts itself anew
//	confined looks HOW
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(int ok, const char *what) {
	if (ok) return;
	perror(what);
	exit(1);
}

static const char *opens(const char *name) {
	char b[64];
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0) return strerror(errno);
	const char *text = read(fd, b, sizeof b) > 0 ? "read" : "empty";
	close(fd);
	return text;
}

static void writes(const char *name, const char *text) {
	int fd = open(name, O_WRONLY);
	must(fd >= 0 && write(fd, text, strlen(text)) > 0 && !close(fd), name);
}

// another user's namespace, in which the capabilities are those that this program has outside, for root alone.
static void elsewhere(void) {
	unsigned long long has = 0;
	char line[256];
	FILE *f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof line, f)) sscanf(line, "CapEff: %llx", &has);
	must(!unshare(CLONE_NEWUSER), "unshare");
	writes("/proc/self/setgroups", "deny");
	writes("/proc/self/uid_map", "0 0 1");
	writes("/proc/self/gid_map", "0 0 1");
	for (int cap = 0; cap < 64; cap++)
		if (!(has >> cap & 1)) prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static char *self, *by[8];

// Landlock: nothing may be read but what is in /usr and /etc, and this program.
static void locked(void) {
	struct landlock_ruleset_attr rules = {.handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE};
	int set = syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
	if (set < 0) return;
	const char *may[] = {"/usr", "/etc", "/proc", "/run", self, by[0]};
	for (int i = 0; i < 5 + !!by[0]; i++) {
		struct landlock_path_beneath_attr under = {LANDLOCK_ACCESS_FS_READ_FILE, open(may[i], O_PATH | O_CLOEXEC)};
		must(!syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &under, 0), may[i]);
		close(under.parent_fd);
	}
	must(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !syscall(SYS_landlock_restrict_self, set, 0), "landlock");
	close(set);
}

static void in(const char *how, void (*f)(void)) {
	fflush(stdout);
	pid_t c = fork();
	if (c == 0) {
		if (f) f();
		int n = 0;
		while (by[n]) n++;
		char *rest[] = {self, "looks", (char *)how, NULL};
		memcpy(by + n, rest, sizeof rest);
		execv(by[0], by);
		_exit(1);
	}
	must(waitpid(c, 0, 0) == c, "wait");
}

int main(int argc, char **argv) {
	struct stat s;
	self = argv[0];
	if (argc == 3 && !strcmp(argv[1], "looks")) {
		for (int i = 0; i < 3; i++)
			printf("%s: %s; %s\n", argv[2], opens("secret"), stat("closed/nothing", &s) ? strerror(errno) : "there");
		return 0;
	}
	for (int i = 1; i < argc && i < 4; i++) by[i - 1] = argv[i];
	for (int i = 0; i < 40; i++) {
		must(!strcmp(opens("secret"), "read"), "secret");
		must(stat("closed/nothing", &s), "nothing");
		usleep(3000);
	}
	in("as before", NULL);
	in("in another namespace", elsewhere);
	in("in a sandbox", locked);
	return 0;
}
