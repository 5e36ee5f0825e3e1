// Buffered streams, temporary files, popen and system keep their state and results.
#include "zoo.h"
int main(void) {
	FILE *log = fopen("stream", "w+");
	must(log);
	ready();
	long size = 0;
	for (int lap = 0; more(); lap++) {
		size += fprintf(log, "entry %d of the log\n", lap);
		if (lap % 10 == 9) {
			must(!fflush(log));
			struct stat s;
			must(!fstat(fileno(log), &s));
			same(s.st_size, size);
		}
		same(ftell(log), size);
		FILE *p = popen("echo one two | tr a-z A-Z", "r");
		char b[64] = {0};
		must(p && fgets(b, sizeof b, p) && !strcmp(b, "ONE TWO\n"));
		same(pclose(p), 0);
		int s = system("exit 41");
		same(WEXITSTATUS(s), 41);
		FILE *t = tmpfile();
		must(t && fputs("temporary", t) >= 0);
		rewind(t);
		must(fgets(b, sizeof b, t) && !strcmp(b, "temporary"));
		fclose(t);
	}
	return ok();
}
