// Environment, arguments and auxiliary vector stay where they are and say what they said; personality too.
#include "zoo.h"
#include <sys/auxv.h>
#include <sys/personality.h>
extern char **environ;
int main(int argc, char **argv) {
	setenv("ZOO_HOME", "set at home", 1);
	char *path = strdup(getenv("PATH") ?: ""), *name = strdup(argv[0]);
	unsigned long page = getauxval(AT_PAGESZ), rnd = *(unsigned long *)getauxval(AT_RANDOM);
	int persona = personality(0xffffffff);
	ready();
	for (int lap = 0; more(); lap++) {
		char v[32];
		snprintf(v, sizeof v, "lap %d", lap);
		must(!setenv("ZOO_LAP", v, 1) && !strcmp(getenv("ZOO_LAP"), v));
		must(!strcmp(getenv("ZOO_HOME"), "set at home") && !strcmp(getenv("PATH") ?: "", path));
		must(!strcmp(argv[0], name) && argv[argc] == 0);
		same(getauxval(AT_PAGESZ), page);
		same(*(unsigned long *)getauxval(AT_RANDOM), rnd);
		same(personality(0xffffffff), persona);
	}
	return ok();
}
