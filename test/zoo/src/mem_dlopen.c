// Libraries loaded and unloaded while away work, and leave nothing behind.
#include "zoo.h"
int main(void) {
	ready();
	while (more()) {
		void *m = dlopen("libm.so.6", RTLD_NOW), *r = dlopen("libresolv.so.2", RTLD_LAZY), *z = dlopen("libz.so.1", RTLD_NOW);
		must(m && r);
		double (*cosine)(double) = dlsym(m, "cos");
		must(cosine && cosine(0) == 1.0);
		must(dlsym(r, "ns_get16") && !dlsym(m, "no_such_symbol"));
		if (z) {
			unsigned long (*crc)(unsigned long, const void *, unsigned) = dlsym(z, "crc32");
			same(crc(0, "123456789", 9), 0xcbf43926);
			must(!dlclose(z));
		}
		must(!dlclose(r) && !dlclose(m));
		must(!dlopen("libnone.so", RTLD_NOW) && strstr(dlerror(), "libnone.so"));
	}
	return ok();
}
