// asks asks a number of times of the same names, and waits for the end of its standard input.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
	char to[64];
	long found = 0;
	for (int i = atoi(argv[1]); i > 0; i--) {
		found += readlink("/usr", to, sizeof to) >= 0;
		found += open("no.such.header", O_RDONLY) >= 0;
	}
	printf("%ld\n", found);
	fflush(stdout);
	while (read(0, to, sizeof to) > 0) ;
	return found != 0;
}
