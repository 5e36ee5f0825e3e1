// A program that comes with a library of its own, LIBRARY, made large by what is
// in it. It says its number, and at SIGTERM the sum of all bytes of the table in the
// library and of a file that it maps then, FILE; with "late" it opens the library
// then, too.
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile sig_atomic_t over;

static void end(int n) { over = n; }

static unsigned long sum(const unsigned char *at, unsigned long n)
{
	unsigned long s = 0;
	for (unsigned long i = 0; i < n; i++)
		s = s * 31 + at[i];
	return s;
}

static unsigned long library(const char *path)
{
	void *l = dlopen(path, RTLD_NOW);
	unsigned long *size = l ? dlsym(l, "table_size") : 0;
	unsigned char *table = l ? dlsym(l, "table") : 0;
	if (!size || !table) {
		printf("%s\n", dlerror());
		return 0;
	}
	return sum(table, *size);
}

int main(int argc, char **argv)
{
	int late = argc > 3 && !strcmp(argv[3], "late");
	if (argc < 3)
		return 2;
	signal(SIGTERM, end);
	if (!late && !library(argv[1]))
		return 1;
	printf("%d\n", getpid());
	fflush(stdout);
	for (volatile unsigned long n = 0; !over; n++)
		;
	int fd = open(argv[2], O_RDONLY);
	struct stat st;
	if (fd < 0 || fstat(fd, &st))
		return 1;
	unsigned char *at = mmap(0, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (at == MAP_FAILED)
		return 1;
	printf("%lu %lu\n", library(argv[1]), sum(at, st.st_size));
	return 0;
}
