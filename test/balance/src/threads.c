// Several threads, of which one reads a file piece by piece, while another does something that the next piece has to show, or makes
// somebody else do it. They take turns by memory. At the end records are read by threads, children and another program at
// once: each has to be read once.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECORD 16
#define RECORDS 6000

static int fd, sock;
static char turn; // what the other thread is to do
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static unsigned char seen[RECORDS];

static void fail(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

static void check(int is, const char *what)
{
	if (!is)
		fail(what);
}

static void pass(int to, char what, int with)
{
	struct iovec iov = {&what, 1};
	char room[CMSG_SPACE(sizeof(int))] = "";
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
	if (with >= 0) {
		m.msg_control = room, m.msg_controllen = sizeof room;
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &with, sizeof with);
	}
	check(sendmsg(to, &m, 0) == 1, "sendmsg");
}

static void record(int from, int to)
{
	char text[RECORD];
	ssize_t n = read(from, text, RECORD);
	check(n == RECORD || n == 0, "record");
	int number = n ? atoi(text) : -1;
	check(write(to, &number, sizeof number) == sizeof number, "write");
}

// All records are the same, old or new.
static void overwrite(char with)
{
	static char all[RECORD * 8000];
	memset(all, with, sizeof all);
	int f = open("versions", O_WRONLY | O_CREAT, 0600);
	check(pwrite(f, all, sizeof all, 0) == sizeof all, "overwrite");
	close(f);
}

// The other program, at home: does one thing for each letter.
static void other(int from)
{
	for (;;) {
		char what, room[CMSG_SPACE(sizeof(int))], text[64];
		struct iovec iov = {&what, 1};
		struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
		if (recvmsg(from, &m, 0) != 1)
			return;
		int got = -1;
		if (m.msg_controllen)
			memcpy(&got, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof got);
		switch (what) {
		case 'r': // goes on reading
			check(read(got, text, 5) == 5, "read of the other");
			break;
		case 'w': {
			int f = open("data", O_WRONLY);
			check(pwrite(f, "WRITTEN BY THE OTHER", 20, 2100) == 20, "pwrite");
			close(f);
			break;
		}
		case 'o': // all of it is another one, some time later
		case 'p':
			usleep(3000);
			overwrite(what == 'o' ? 'n' : 'o');
			break;
		case 'n': // a record
			record(got, from);
			break;
		}
		if (got >= 0)
			close(got);
		if (what != 'n')
			check(write(from, "", 1) == 1, "answer");
	}
}

static void ask(char what, int with)
{
	char c;
	pass(sock, what, with);
	check(recv(sock, &c, 1, 0) == 1, "answer"); // which keeps nothing from being read ahead
}

static void does(char what)
{
	char text[5000];
	int f;
	switch (what) {
	case 'a':
		check(lseek(fd, 100, SEEK_SET) == 100, "lseek");
		break;
	case 'b':
		check(read(fd, text, 7) == 7, "read");
		break;
	case 'c':
		f = open("second", O_RDONLY);
		for (ssize_t n; (n = read(f, text, 64)) > 0;)
			;
		close(f);
		break;
	case 'd':
		if (!fork()) {
			check(read(fd, text, 5) == 5, "read of the child");
			_exit(0);
		}
		wait(NULL);
		break;
	case 'e':
		ask('r', fd);
		break;
	case 'f':
		check(lseek(fd, 2000, SEEK_SET) == 2000, "lseek");
		break;
	case 'g':
		ask('w', -1);
		break;
	case 'h':
		f = open("data", O_WRONLY);
		check(pwrite(f, "WRITTEN BY A THREAD", 19, lseek(fd, 0, SEEK_CUR) + 3) == 19, "pwrite");
		close(f);
		break;
	case 'i':
		check(!truncate("data", lseek(fd, 0, SEEK_CUR) + 9), "truncate");
		break;
	case 'j':
		f = open("second", O_RDONLY);
		check(dup2(f, fd) == fd, "dup2");
		close(f);
		break;
	case 'k':
		close(fd);
		check(open("third", O_RDONLY) == fd, "open");
		break;
	case 'l': {
		struct stat st;
		check(!fstat(fd, &st), "fstat");
		printf("size %ld at %ld\n", (long)st.st_size, (long)lseek(fd, 0, SEEK_CUR));
		break;
	}
	}
}

static void *second(void *unused)
{
	for (;;) {
		pthread_mutex_lock(&mutex);
		while (!turn)
			pthread_cond_wait(&cond, &mutex);
		if (turn == 'z') {
			pthread_mutex_unlock(&mutex);
			return NULL;
		}
		does(turn);
		turn = 0;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
}

static void hand(char what)
{
	pthread_mutex_lock(&mutex);
	turn = what;
	pthread_cond_broadcast(&cond);
	while (turn && what != 'z')
		pthread_cond_wait(&cond, &mutex);
	pthread_mutex_unlock(&mutex);
}

static void piece(const char *behind)
{
	char text[41] = "";
	ssize_t n = 0;
	for (int i = 0; i < 4; i++) // by the third one some have come ahead
		n = read(fd, text, 40);
	text[n < 0 ? 0 : n] = 0;
	printf("%s: %zd %s\n", behind, n, text);
}

// All read records by one description until none is left.
static void notes(int number)
{
	check(number >= 0 && number < RECORDS, "number");
	if (__atomic_fetch_add(&seen[number], 1, __ATOMIC_RELAXED))
		printf("record %d twice\n", number);
}

static void *records(void *unused)
{
	char text[RECORD];
	for (ssize_t n; (n = read(fd, text, RECORD)) != 0;) {
		check(n == RECORD, "read of a record");
		notes(atoi(text));
	}
	return NULL;
}

static void *children(void *unused)
{
	int ends[2], number;
	check(!pipe(ends), "pipe");
	do {
		pid_t child = fork();
		if (!child) {
			record(fd, ends[1]);
			_exit(0);
		}
		check(child > 0, "fork");
		check(read(ends[0], &number, sizeof number) == sizeof number, "read of a number");
		waitpid(child, NULL, 0);
		if (number >= 0)
			notes(number);
	} while (number >= 0);
	return NULL;
}

static void *others(void *unused)
{
	int number;
	do {
		pass(sock, 'n', fd);
		check(read(sock, &number, sizeof number) == sizeof number, "read of a number");
		if (number >= 0)
			notes(number);
	} while (number >= 0);
	return NULL;
}

static void once(const char *name, void *(*beside)(void *))
{
	pthread_t a, b;
	memset(seen, 0, sizeof seen);
	fd = open("records", O_RDONLY);
	check(fd >= 0, "records");
	pthread_create(&a, NULL, records, NULL);
	pthread_create(&b, NULL, beside, NULL);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	close(fd);
	int missing = 0;
	for (int i = 0; i < RECORDS; i++)
		missing += !seen[i];
	printf("%s: %d missing\n", name, missing);
}

// One thread hears that the file is another one, while the other reads on in it.
static int told;

static void *hears(void *what)
{
	ask(*(char *)what, -1);
	__atomic_store_n(&told, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&told, __ATOMIC_SEQ_CST) != 2)
		; // it makes no call that would end what has come ahead
	return NULL;
}

static void versions(int rounds)
{
	int old = 0;
	overwrite('o');
	fd = open("versions", O_RDONLY);
	for (int i = 0; i < rounds; i++) {
		char text[RECORD], what = i % 2 ? 'p' : 'o';
		pthread_t t;
		told = 0;
		lseek(fd, 0, SEEK_SET);
		pthread_create(&t, NULL, hears, &what);
		for (int behind = 0; behind < 3;) {
			int knows = __atomic_load_n(&told, __ATOMIC_SEQ_CST);
			if (read(fd, text, RECORD) != RECORD) {
				lseek(fd, 0, SEEK_SET);
				continue;
			}
			behind += knows;
			old += knows && text[0] != (what == 'o' ? 'n' : 'o');
		}
		__atomic_store_n(&told, 2, __ATOMIC_SEQ_CST);
		pthread_join(t, NULL);
	}
	close(fd);
	printf("versions: %d old ones\n", old);
}

static void *reads(void *unused)
{
	piece("a thread that ends");
	return NULL;
}

static void make(const char *name, const char *line, int lines)
{
	FILE *f = fopen(name, "w");
	for (int i = 0; i < lines; i++)
		fprintf(f, line, i);
	fclose(f);
}

int main(int argc, char **argv)
{
	int ends[2];
	setvbuf(stdout, 0, _IONBF, 0);
	if (argc > 1) { // reads all of a file beside a thread that waits
		pthread_t t;
		char text[64];
		long sum = 0;
		pthread_create(&t, NULL, second, NULL);
		fd = open(argv[1], O_RDONLY);
		for (ssize_t n; (n = read(fd, text, sizeof text)) > 0;)
			for (ssize_t i = 0; i < n; i++)
				sum += text[i];
		printf("%ld\n", sum);
		return 0;
	}
	check(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), "socketpair");
	if (!fork()) {
		close(ends[0]);
		other(ends[1]);
		_exit(0);
	}
	close(ends[1]);
	sock = ends[0];
	make("data", "line %d of the file that is read\n", 2000);
	make("second", "%d: the second file\n", 500);
	make("third", "%d, and a third\n", 500);
	make("records", "%15d\n", RECORDS);
	pthread_t t;
	pthread_create(&t, NULL, second, NULL);
	fd = open("data", O_RDONLY);
	piece("begun");
	const char *what = "abcdefghlabcdelhabdlijlkl";
	for (const char *c = what; *c; c++) {
		hand(*c);
		char name[2] = {*c};
		piece(name);
	}
	pthread_t u;
	pthread_create(&u, NULL, reads, NULL);
	pthread_join(u, NULL);
	piece("behind it");
	hand('z');
	pthread_join(t, NULL);
	piece("one thread");
	close(fd);
	versions(60);
	once("threads", records);
	once("children", children);
	once("others", others);
	return 0;
}
