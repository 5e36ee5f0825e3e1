// /proc/self and what it holds: stat, status, exe, cwd, cmdline, environ, comm, task, limits; /proc/<pid> is the same.
// quick
#include "zoo.h"
#include <dirent.h>
static void *idle(void *p) {
	for (;;) pause();
}
static long field(const char *s, const char *name) {
	char *p = strstr(s, name);
	must(p);
	return strtol(p + strlen(name), 0, 0);
}
int main(int argc, char **argv) {
	char b[8192], exe[PATH_MAX] = {0}, now_exe[PATH_MAX] = {0}, path[64];
	must(readlink("/proc/self/exe", exe, sizeof exe - 1) > 0);
	thread(idle, 0), thread(idle, 0);
	ready();
	while (more()) {
		slurp("/proc/self/stat", b, sizeof b);
		char *end = strrchr(b, ')'), state;
		int ppid, pgrp, sid;
		same(atoi(b), getpid());
		must(end && sscanf(end + 2, "%c %d %d %d", &state, &ppid, &pgrp, &sid) == 4);
		same(state, 'R');
		must(ppid == getppid() && pgrp == getpgrp() && sid == getsid(0));
		slurp("/proc/self/status", b, sizeof b);
		same(field(b, "Threads:"), 3);
		same(field(b, "\nPid:"), getpid());
		same(field(b, "Tgid:"), getpid());
		same(field(b, "PPid:"), getppid());
		same(field(b, "\nUid:"), getuid());
		must(field(b, "VmRSS:") > 100 && field(b, "VmSize:") >= field(b, "VmRSS:"));
		must(readlink("/proc/self/exe", now_exe, sizeof now_exe - 1) > 0 && !strcmp(exe, now_exe));
		snprintf(path, sizeof path, "/proc/%d/exe", getpid());
		memset(now_exe, 0, sizeof now_exe);
		must(readlink(path, now_exe, sizeof now_exe - 1) > 0 && !strcmp(exe, now_exe));
		char cwd[PATH_MAX], link[PATH_MAX] = {0};
		must(getcwd(cwd, sizeof cwd) && readlink("/proc/self/cwd", link, sizeof link - 1) > 0 && !strcmp(cwd, link));
		slurp("/proc/self/cmdline", b, sizeof b);
		must(!strcmp(b, argv[0]));
		must(slurp("/proc/self/environ", b, sizeof b) > 0);
		slurp("/proc/self/comm", b, sizeof b);
		must(!strncmp(b, program_invocation_short_name, 9));
		DIR *d = opendir("/proc/self/task");
		int n = 0, me = 0;
		must(d);
		for (struct dirent *e; (e = readdir(d));) n += e->d_name[0] != '.', me |= atoi(e->d_name) == tid();
		closedir(d);
		same(n, 3);
		must(me);
		must(slurp("/proc/self/limits", b, sizeof b) > 100 && strstr(b, "Max open files"));
		must(slurp("/proc/self/mountinfo", b, sizeof b) > 10 && slurp("/proc/self/smaps", b, sizeof b) > 100);
		must(slurp("/proc/self/auxv", b, sizeof b) > 100);
		must(slurp("/proc/meminfo", b, sizeof b) > 100 && strstr(b, "MemTotal:"));
	}
	return ok();
}
