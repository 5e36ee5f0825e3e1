// Opens, reads and closes files again and again while another program changes them,
// and says what it sees. The other one is told by a pipe what to do and answers when
// it has done it: from then on what was before must not be seen.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int ask[2], answer[2];

static void fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

// The other program: does one change for each letter.
static void change(char what)
{
	char name[16] = {'f', '.', what};
	int fd;
	switch (what) {
	case 'a': // in place
		fd = open(name, O_WRONLY);
		if (pwrite(fd, "AB", 2, 1) != 2)
			fail("pwrite");
		close(fd);
		break;
	case 'b': // at the end
		fd = open(name, O_WRONLY | O_APPEND);
		if (write(fd, "more", 4) != 4)
			fail("write");
		close(fd);
		break;
	case 'c':
		truncate(name, 3);
		break;
	case 'd': // another file
		fd = open("fresh", O_CREAT | O_WRONLY, 0600);
		if (write(fd, "another", 7) != 7)
			fail("write");
		close(fd);
		rename("fresh", name);
		break;
	case 'e':
		unlink(name);
		break;
	case 'f':
		chmod(name, 0400);
		break;
	case 'g':
		link(name, "second");
		break;
	case 'h':
		unlink(name);
		symlink("f.a", name);
		break;
	case 'i':
		rename("dir/sub", "dir/gone");
		break;
	case 'j': { // through a mapping
		fd = open(name, O_RDWR);
		char *p = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		close(fd);
		memcpy(p + 2, "MAP", 3);
		break; // which stays
	}
	case 'k': { // by another name
		link(name, "third");
		break;
	}
	case 'l':
		fd = open("third", O_WRONLY);
		if (pwrite(fd, "name", 4, 0) != 4)
			fail("pwrite");
		close(fd);
		break;
	case 'm':
		unlink(name);
		mkdir(name, 0700);
		break;
	case 'o': // while the file is open there
		usleep(100000);
		fd = open("fresh", O_CREAT | O_WRONLY, 0600);
		if (write(fd, "younger", 7) != 7)
			fail("write");
		close(fd);
		rename("fresh", name);
		break;
	}
}

static void tell(char what, int wait)
{
	char done;
	if (write(ask[1], &what, 1) != 1)
		fail("ask");
	if (wait && read(answer[0], &done, 1) != 1)
		fail("answer");
}

static void show(const char *path)
{
	char text[64] = "";
	struct stat st;
	int fd = open(path, O_RDONLY);
	if (fd < 0) {
		printf("%s: %s\n", path, strerror(errno));
		return;
	}
	if (fstat(fd, &st))
		fail("fstat");
	ssize_t n = read(fd, text, sizeof text - 1);
	printf("%s: %d: %zd %s; size %ld mode %o links %ld\n", path, fd, n, n < 0 ? strerror(errno) : text, (long)st.st_size, st.st_mode & 07777, (long)st.st_nlink);
	close(fd);
}

static void often(const char *path)
{
	char text[64], first[64] = "";
	for (int i = 0; i < 40; i++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			fail(path);
		memset(text, 0, sizeof text);
		if (read(fd, text, sizeof text - 1) < 0 || read(fd, text + 60, 3) != 0)
			fail("read");
		close(fd);
		if (i && strcmp(text, first))
			printf("%s: %s, before %s\n", path, text, first);
		strcpy(first, text);
		usleep(1500);
	}
}

static void spin(double seconds)
{
	struct timespec a, b;
	clock_gettime(CLOCK_MONOTONIC, &a);
	do
		clock_gettime(CLOCK_MONOTONIC, &b);
	while (b.tv_sec - a.tv_sec + (b.tv_nsec - a.tv_nsec) / 1e9 < seconds);
}

int main(int argc, char **argv)
{
	char c, text[64] = "";
	if (argc > 1 && !strcmp(argv[1], "other")) {
		while (read(0, &c, 1) == 1) {
			change(c);
			if (write(1, "", 1) != 1)
				return 1;
		}
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "descriptor")) { // has been executed with it
		ssize_t n = read(atoi(argv[2]), text, sizeof text - 1);
		printf("executed: %zd %s\n", n, n < 0 ? strerror(errno) : text);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "many")) { // file, times
		for (int i = 0; i < atoi(argv[3]); i++) {
			FILE *f = fopen(argv[2], "r");
			if (!f || fread(text, 1, sizeof text, f) == 0)
				fail(argv[2]);
			fclose(f);
			if (i < 40) // it is learnt beside
				usleep(3000);
		}
		printf("%.10s\n", text);
		return 0;
	}
	setvbuf(stdout, 0, _IONBF, 0);
	if (pipe2(ask, O_CLOEXEC) || pipe2(answer, O_CLOEXEC))
		fail("pipe");
	if (!fork()) {
		dup2(ask[0], 0);
		dup2(answer[1], 1);
		execl(argv[0], argv[0], "other", NULL);
		_exit(1);
	}
	close(ask[0]);
	close(answer[1]);
	for (c = 'a'; c <= 'm'; c++) {
		char name[16] = {'f', '.', c};
		const char *path = c == 'i' ? "dir/sub/f.i" : c == 'l' ? "f.k" : name;
		if (c != 'l')
			often(path);
		tell(c, 1);
		show(path);
	}
	often("f.n"); // the numbers of descriptors
	int one = open("f.n", O_RDONLY), two = open("f.a", O_RDONLY), three = open("f.n", O_RDONLY);
	close(one);
	int again = open("f.n", O_RDONLY);
	close(two);
	int other = dup(three);
	printf("descriptors %d %d %d %d %d\n", one, two, three, again, other);
	close(three), close(again), close(other);

	often("f.o"); // replaced while it is open
	int fd = open("f.o", O_RDONLY);
	ssize_t n = read(fd, text, 4);
	close(fd);
	fd = open("f.o", O_RDONLY);
	tell('o', 0);
	close(fd);
	fd = open("f.o", O_RDONLY);
	n = read(fd, text, 4);
	spin(0.5);
	n += read(fd, text + 4, 40);
	printf("open all the time: %zd %s\n", n, text);
	close(fd);
	if (read(answer[0], &c, 1) != 1)
		fail("answer");
	show("f.o");

	often("f.p"); // a child goes on reading
	fd = open("f.p", O_RDONLY);
	n = read(fd, text, 3);
	if (!fork()) {
		memset(text, 0, sizeof text);
		n = read(fd, text, 2);
		printf("child: %zd %s\n", n, text);
		_exit(0);
	}
	wait(NULL);
	memset(text, 0, sizeof text);
	n = read(fd, text, 40);
	printf("parent: %zd %s\n", n, text);
	close(fd);
	show("f.p");

	often("f.q"); // over an execve
	fd = open("f.q", O_RDONLY | O_CLOEXEC);
	if (!fork()) {
		snprintf(text, sizeof text, "%d", fd);
		execl(argv[0], argv[0], "descriptor", text, NULL);
	}
	wait(NULL);
	close(fd);
	fd = open("f.q", O_RDONLY);
	n = read(fd, text, 2);
	snprintf(text, sizeof text, "%d", fd);
	execl(argv[0], argv[0], "descriptor", text, NULL);
	return 1;
}
