// What /proc tells of the caller's memory, signals and CPU time is true while away, by whatever path, of the process and of each thread.
// quick
#include "zoo.h"
enum { Large = 12 << 20 };
static long field(const char *s, const char *name) {
	char *p = strstr(s, name);
	must(p);
	return strtol(p + strlen(name), 0, 10);
}
static unsigned long hex(const char *s, const char *name) {
	char *p = strstr(s, name);
	must(p);
	return strtoul(p + strlen(name), 0, 16);
}
static char b[1 << 20];
static int slurp_at(const char *dir, const char *name) {
	int d = open(dir, O_RDONLY | O_DIRECTORY), fd = openat(d, name, O_RDONLY | O_CLOEXEC), n = 0, r;
	must(d >= 0 && fd >= 0);
	must(fcntl(fd, F_GETFD) == FD_CLOEXEC);
	while ((r = read(fd, b + n, sizeof b - 1 - n)) > 0) n += r;
	b[n] = 0;
	close(fd), close(d);
	return n;
}
static volatile pid_t other;
static void *second(void *p) {
	sigset_t s;
	sigemptyset(&s);
	sigaddset(&s, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &s, 0);
	prctl(PR_SET_NAME, "second");
	other = tid();
	for (;;) pause();
}
int main(int argc, char **argv) {
	struct rlimit tight = {4096, RLIM_INFINITY}; // what openMosix writes is not the program's
	must(!setrlimit(RLIMIT_FSIZE, &tight));
	thread(second, 0);
	while (!other) nap(1);
	char *large = mmap(0, Large, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char path[64];
	int lap = 0;
	ready();
	for (; more(); lap++) {
		memset(large, lap, Large);
		handle(SIGUSR1, lap % 2 ? SIG_IGN : (void *)exit, 0);
		slurp_at("/proc/self", "status");
		for (int i = 0; i < 2000 && field(b, "VmRSS:") <= Large >> 10; i++) { // its memory may follow it
			usleep(1000);
			slurp_at("/proc/self", "status");
		}
		must(field(b, "VmRSS:") > Large >> 10 && field(b, "VmRSS:") < (Large >> 10) * 2);
		must(field(b, "VmSize:") > Large >> 10 && field(b, "VmSize:") < (Large >> 10) + 300000);
		must(field(b, "VmHWM:") >= field(b, "VmRSS:"));
		same(hex(b, "SigIgn:") >> (SIGUSR1 - 1) & 1, lap % 2);
		same(hex(b, "SigCgt:") >> (SIGUSR1 - 1) & 1, !(lap % 2));
		must(strstr(b, "State:\tR (running)"));
		snprintf(path, sizeof path, "/proc/self/task/%d", other);
		slurp_at(path, "status");
		must(strstr(b, "Name:\tsecond\n"));
		same(hex(b, "SigBlk:"), 1ul << (SIGUSR2 - 1));
		same(field(b, "\nPid:"), other);
		slurp_at(path, "stat");
		same(atoi(b), other);
		slurp_at("/proc/thread-self", "stat");
		must(atoi(b) == getpid() && strstr(b, ") R "));
		unsigned long size, resident;
		slurp_at("/proc/self", "statm");
		must(sscanf(b, "%lu %lu", &size, &resident) == 2);
		must(size >= resident && size < Large / 4096 + 75000);
		for (int i = 0; i < 2000 && resident <= Large / 4096; i++) {
			usleep(1000);
			slurp_at("/proc/self", "statm");
			must(sscanf(b, "%lu %lu", &size, &resident) == 2);
		}
		must(resident > Large / 4096);
		snprintf(path, sizeof path, "/proc/%d", getpid());
		slurp_at(path, "smaps");
		must(strstr(b, "proc_truth") && strstr(b, "[stack]") && !strstr(b, "memfd:"));
		slurp_at(path, "maps");
		must(strstr(b, "proc_truth") && strstr(b, "[stack]") && !strstr(b, "memfd:"));
		// A program may change its own arguments.
		argv[0][0] = 'a' + lap % 26;
		slurp_at("/proc/self", "cmdline");
		same(b[0], 'a' + lap % 26);
		must(slurp_at("/proc/self", "environ") > 0 && slurp_at("/proc/self", "auxv") > 100);
		must(slurp_at("/proc/self", "io") > 0 && slurp_at("/proc/self", "limits") > 100);
	}
	return ok();
}
