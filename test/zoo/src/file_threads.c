// Of a file that threads and children read by one description each record is read once; beside a thread that waits it is read from one end to the other.
// quick
#include "zoo.h"

enum { size = 16, records = 4000, readers = 3 };
static int fd, ends[2];
static unsigned char seen[records];

static void note(int n) {
	must(n >= 0 && n < records);
	same(__atomic_fetch_add(&seen[n], 1, __ATOMIC_RELAXED), 0);
}

// reads a record, and gives its number, -1 at the end.
static int record(void) {
	char b[size + 1] = "";
	ssize_t n = read(fd, b, size);
	if (n == 0) return -1;
	same(n, size);
	return atoi(b);
}

static void *reader(void *p) {
	for (int n, i = 0; (n = record()) >= 0; i++) {
		note(n);
		if (i % 500 == 499) must(lseek(fd, 0, SEEK_CUR) > n * size);
	}
	return p;
}

static void *parent(void *p) {
	for (int n = 0; n >= 0;) {
		pid_t c = child();
		if (c == 0) {
			int got = record();
			give(ends[1], &got, sizeof got);
			_exit(3);
		}
		must(take(ends[0], &n, sizeof n));
		exits(c, 3);
		if (n >= 0) note(n);
		nap(1);
	}
	return p;
}

static void *waits(void *p) {
	sem_wait(p);
	return p;
}

// all is read by threads and children at once.
static void together(void) {
	pthread_t t[readers];
	memset(seen, 0, sizeof seen);
	fd = open("records", O_RDONLY);
	must(fd >= 0);
	for (int i = 0; i < readers; i++) must(!pthread_create(&t[i], 0, i ? reader : parent, 0));
	for (int i = 0; i < readers; i++) must(!pthread_join(t[i], 0));
	for (int i = 0; i < records; i++) same(seen[i], 1);
	must(!close(fd));
}

// all is read by one, while another waits.
static void alone(void) {
	sem_t s;
	pthread_t t;
	must(!sem_init(&s, 0, 0) && !pthread_create(&t, 0, waits, &s));
	fd = open("records", O_RDONLY);
	must(fd >= 0);
	for (int i = 0; i < records; i++) {
		same(record(), i);
		if (i % 1000 == 700) same(lseek(fd, 0, SEEK_CUR), (i + 1) * size);
		if (i % 1000 == 800) {
			pid_t c = child(); // goes on where its parent has read to
			if (c == 0) _exit(record() == i + 1 ? 4 : 5);
			exits(c, 4);
			i++;
		}
	}
	same(record(), -1);
	must(!sem_post(&s) && !pthread_join(t, 0) && !close(fd));
}

int main(void) {
	FILE *f = fopen("records", "w");
	for (int i = 0; i < records; i++) must(fprintf(f, "%15d\n", i) == size);
	must(!fclose(f) && !pipe(ends));
	ready();
	while (more()) {
		alone();
		together();
	}
	return ok();
}
