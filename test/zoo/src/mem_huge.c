// Huge pages stay huge, and what is resident stays as it was: small pages where huge ones could be, holes in a vast mapping, pages that
// were only read or have been given back.
// quick
#include "zoo.h"
enum { P = 4096, Huge = 2 << 20, Spans = 12 };
static const size_t vastly = 100ul << 30;
static char smaps[1 << 20];
// kilobytes of the mappings from p to p + n.
static long kilobytes(const char *what, char *p, size_t n) {
	long sum = 0;
	slurp("/proc/self/smaps", smaps, sizeof smaps);
	for (char *line = strtok(smaps, "\n"), *in = 0; line; line = strtok(0, "\n")) {
		unsigned long from, to;
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2) in = from >= (unsigned long)p && to <= (unsigned long)(p + n) ? line : 0;
		else if (in && !strncmp(line, what, strlen(what))) sum += atol(line + strlen(what));
	}
	return sum;
}
// collapsed is how many huge pages the kernel has made of small ones by itself since it runs: of a thin mapping too, if it
// comes by (khugepaged, every ten seconds).
static long collapsed(void) {
	static char text[32];
	slurp("/sys/kernel/mm/transparent_hugepage/khugepaged/pages_collapsed", text, sizeof text);
	return atol(text);
}
static char *map(size_t n) {
	char *m = mmap(0, n + 2 * Huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0); // neighbours for nobody
	must(m != MAP_FAILED);
	m = (char *)(((uintptr_t)m + Huge) & -Huge);
	must(mmap(m, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) == m);
	return m;
}
int main(void) {
	char *full = map(Spans * Huge), *written = map(Spans * Huge), *thin = map(Spans * Huge), *vast = map(vastly), *back = map(256 * P);
	int thp = !madvise(full, Spans * Huge, MADV_HUGEPAGE) && !madvise(written, Spans * Huge, MADV_HUGEPAGE);
	for (size_t i = 0; i < Spans * Huge; i += P) full[i] = written[i] = i / P + 1;
	thp = thp && kilobytes("AnonHugePages:", full, Spans * Huge) == Spans * Huge >> 10;
	madvise(thin, Spans * Huge, MADV_NOHUGEPAGE);
	for (int i = 0; i < Spans; i++) thin[i * Huge + 5 * P] = i + 1;
	long before = collapsed();
	madvise(thin, Spans * Huge, MADV_HUGEPAGE);
	for (int i = 0; i < 10; i++) *(int *)(vast + vastly / 10 * i) = i + 1;
	volatile char sum = 0;
	for (int i = 0; i < 256; i++) sum += i < 128 ? back[i * P] : (back[i * P] = 1); // read only, and written
	must(!sum || sum);
	must(!madvise(back + 128 * P, 64 * P, MADV_DONTNEED) && !madvise(back + 192 * P, 64 * P, MADV_FREE));
	for (int i = 224; i < 256; i++) back[i * P] = 2; // kept after all
	ready();
	int lap;
	for (lap = 0; more(); lap++) {
		for (size_t i = 0; i < Spans * Huge; i += 16 * P) same(full[i], (char)(i / P + 1));
		for (int i = 0; i < Spans; i++) written[i * Huge + (size_t)lap * P % Huge] += 1, written[i * Huge + (size_t)lap * P % Huge] -= 1;
		for (int i = 0; i < Spans; i++) must(thin[i * Huge + 5 * P] == i + 1);
		for (int i = 0; i < 10; i++) same(*(int *)(vast + vastly / 10 * i), i + 1);
		for (int i = 224; i < 256; i++) same(back[i * P], 2);
		if (lap % 16 && !zoo.last) continue;
		long rss = kilobytes("Rss:", thin, Spans * Huge);
		must(rss <= Spans * P >> 10 || collapsed() != before);
		must(kilobytes("Rss:", vast, vastly) <= 10 * P >> 10);
		must(kilobytes("Anonymous:", back, 256 * P) <= 64 * P >> 10);
		must(kilobytes("Rss:", full, Spans * Huge) <= Spans * Huge >> 10);
	}
	for (size_t i = 0; i < Spans * Huge; i += P) same(written[i], (char)(i / P + 1));
	for (int i = 0; i < 224; i++) must(back[i * P] == 0 || (i >= 192 && back[i * P] == 1));
	// Pages that follow the process are small until the kernel joins them; one or two may lack a place.
	if (thp && !getenv("ZOO_FOLLOWED")) {
		must(kilobytes("AnonHugePages:", full, Spans * Huge) >= (Spans - 2) * Huge >> 10);
		must(kilobytes("AnonHugePages:", written, Spans * Huge) >= (Spans - 2) * Huge >> 10);
	}
	return ok();
}
