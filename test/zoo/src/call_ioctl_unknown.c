// An ioctl request that no table knows may point at memory: it is made at home, and gives there what it gives.
// expect: comes-home
#include "zoo.h"
int main(void) {
	ready();
	while (more()) fails(ioctl(0, 0x12345678, 0), ENOTTY);
	return ok();
}
