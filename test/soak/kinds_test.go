package soak

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// kind is a kind of program: a line of bash that works in a directory of its own
// and finds what all share in $SHARED. It prints the same each time.
type kind struct {
	name  string
	needs string // the program it is about
	line  string // $MOSRUN is that command, and nothing on the machine itself
}

// kinds of about a second each on an idle machine, or of $N seconds.
var kinds = []kind{
	{name: "python", needs: "python3", line: `exec python3 -c '
import hashlib, os, zlib
h, x, n = hashlib.sha256(), 1, int(os.environ["N"])
for i in range(40 * n):
    b = bytearray(1 << 20)
    for j in range(0, len(b), 4096):
        x = (x * 1103515245 + 12345) & 0x7fffffff
        b[j] = x & 255
    h.update(zlib.compress(bytes(b), 1))
print(h.hexdigest(), sum(k * k for k in range(3_000_000 * n)))'`},
	{name: "python-memory", needs: "python3", line: `exec python3 -c '
import os, random, zlib
all = [random.Random(i).randbytes(1 << 20) for i in range(96)]
s = 0
for turn in range(8 * int(os.environ["N"])):
    for b in all: s = zlib.crc32(b, s)
print(s)'`},
	{name: "python-children", needs: "python3", line: `exec python3 -c '
import os, subprocess, sys, time
out = []
for i in range(8 * int(os.environ["N"])):
    p = subprocess.run(["awk", "{ s += $1 * $1 } END { print s }"], input="\n".join(str(k % 1000) for k in range(40000 + i)), capture_output=True, text=True)
    out.append(p.stdout.strip())
    time.sleep(0.05)
print(" ".join(out)); sys.exit(5)'`},
	{name: "python-pool", needs: "python3", line: `exec python3 -c '
import concurrent.futures, os
def work(k):
    x = k
    for i in range(60_000): x = (x * 6364136223846793005 + 1442695040888963407) & 0xffffffffffffffff
    return x
with concurrent.futures.ProcessPoolExecutor(3) as pool:
    print(sum(pool.map(work, range(60 * int(os.environ["N"])), chunksize=2)))'`},
	{name: "perl", needs: "perl", line: `exec perl -e '
my (%h, $s); for my $i (1 .. 900000 * $ENV{N}) { $h{($i * 7919) % 50021} += $i; }
for my $k (sort { $a <=> $b } keys %h) { $s = ($s * 31 + $h{$k} + $k) % 1000000007; } print "$s\n"; exit 7'`},
	{name: "awk", needs: "awk", line: `exec awk -v "n=$N" 'BEGIN { x = 1; for (i = 0; i < 4000000 * n; i++) x = (x * 16807) % 2147483647; print x }'`},
	{name: "xz", needs: "xz", line: `for i in $(seq "$N"); do xz -3 -c <"$SHARED/text" | tee packed | sha256sum; xz -dc packed | cmp - "$SHARED/text"; stat -c %s packed; done`},
	{name: "gzip", needs: "gzip", line: `for i in $(seq "$N"); do gzip -9 -n -c <"$SHARED/text" >packed.$i; done; cat packed.* | gzip -dc | sha256sum; sha256sum <packed.1`},
	{name: "sqlite", needs: "sqlite3", line: `sqlite3 db "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT); BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80000 * $N) INSERT INTO t SELECT i, printf('%08d', i * 7919 % 100003) FROM n; COMMIT; CREATE INDEX x ON t(b);"
exec sqlite3 db "SELECT count(*), sum(length(b)), min(b), max(b) FROM t; SELECT count(*) FROM t AS p JOIN t AS q ON p.b = q.b WHERE p.a < q.a; PRAGMA integrity_check"`},
	{name: "openssl", needs: "openssl", line: `key="-aes-256-cbc -pbkdf2 -iter ${N}00000 -pass pass:soak -S 0011223344556677"
openssl enc $key -in "$SHARED/text" -out sealed; openssl dgst -sha512 sealed; openssl enc -d $key -in sealed | cmp - "$SHARED/text"`},
	{name: "pipeline", needs: "sort", line: `seq 1 "${N}00000" | awk '{ print ($1 * 48271) % 65537, $1 }' | sort -n | uniq -c | sed 's/ 1 / one /' | sha256sum`},
	{name: "shell", needs: "bash", line: `set +e; s=0; for i in $(seq "${N}0"); do a=$( (echo $((i * i)); exit $((i % 7))) ); s=$(( (s * 31 + a + $?) % 99991 )); sleep 0.03; done; trap 'echo bye $s' EXIT; exit 9`},
	{name: "signalled", needs: "bash", line: `for ((i = 0; i < N * 200000; i++)); do :; done; echo going; kill -TERM $$; sleep 60`},
	{name: "timers", needs: "python3", line: `exec python3 -c '
import select, signal, os, time
n, most = 0, 20 * int(os.environ["N"])
def tick(*_):
    global n
    n += 1
signal.signal(signal.SIGALRM, tick)
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
r, w = os.pipe()
begun = time.monotonic()
while n < most:
    select.select([r], [], [], 0.02)
signal.setitimer(signal.ITIMER_REAL, 0)
print("ticks", n >= most, time.monotonic() - begun > 0.045 * most)'`},
	{name: "threads", needs: "gcc", line: `exec "$SHARED/threads" "$N"`},
	{name: "make", needs: "make", line: `cp "$SHARED"/src/* . && $MOSRUN make -s -j3 && sha256sum *.o && ./program`},
	{name: "xargs", needs: "gcc", line: `cp "$SHARED"/src/* . && ls *.c | $MOSRUN xargs -P 3 -n 1 gcc -O2 -S && cat *.s | sha256sum`},
}

// expected is how a program of a kind ends at home.
type expected struct {
	output string
	status int
}

// shared makes what all programs use, and gives the directory.
func shared(t *testing.T, dir string) string {
	t.Helper()
	at := filepath.Join(dir, "shared")
	script := fmt.Sprintf(`set -e
mkdir -p %[1]s/src
seq 1 110000 | awk '{ print ($1 * 7919) %% 104729, "line", $1 }' >%[1]s/text
gcc -O2 -pthread -o %[1]s/threads src/threads.c
cd %[1]s/src
for i in 1 2 3 4 5 6; do
cat >f$i.c <<END
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int f$i(int n) { char b[128]; int s = 0; for (int k = 0; k < n; k++) { snprintf(b, sizeof b, "%%d", k * $i); s += (int)strlen(b) + atoi(b); } return s; }
END
done
cat >main.c <<END
#include <stdio.h>
int f1(int), f2(int), f3(int), f4(int), f5(int), f6(int);
int main(void) { printf("%%d\n", f1(9) + f2(9) + f3(9) + f4(9) + f5(9) + f6(9)); return 0; }
END
printf 'program: main.o f1.o f2.o f3.o f4.o f5.o f6.o\n\tgcc -o $@ $^\n%%.o: %%.c\n\tgcc -O2 -c $< -o $@\n' >Makefile`, at)
	if out, err := exec.Command("bash", "-c", script).CombinedOutput(); err != nil {
		t.Fatalf("prepare: %v: %s", err, out)
	}
	return at
}

// prologue is in front of every line. What is killed in the middle of it is to be seen.
const prologue = "set -eo pipefail; echo $$; exec 2>&1; "

// lengthVariable is how long programs are to take.
func lengthVariable() string { return fmt.Sprintf("N=%d", *length) }

// atHome runs one program of each kind that is here, on the machine itself.
func atHome(t *testing.T, dir, shared string) ([]kind, map[string]expected) {
	t.Helper()
	var here []kind
	all := map[string]expected{}
	for _, k := range kinds {
		if _, err := exec.LookPath(k.needs); err != nil {
			t.Logf("without %s: %s is not here", k.name, k.needs)
			continue
		}
		at := filepath.Join(dir, "home-"+k.name)
		if err := os.Mkdir(at, 0o755); err != nil {
			t.Fatal(err)
		}
		c := exec.Command("bash", "-c", prologue+k.line)
		c.Dir, c.Env = at, append(os.Environ(), "SHARED="+shared, "MOSRUN=", "LC_ALL=C", lengthVariable())
		begun := time.Now()
		out, err := c.Output()
		exit, failed := errors.AsType[*exec.ExitError](err)
		if err != nil && !failed {
			t.Fatalf("%s: %v", k.name, err)
		}
		want := expected{}
		if failed {
			want.status = statusOf(exit)
		}
		_, want.output, _ = strings.Cut(string(out), "\n")
		t.Logf("at home %-16s %5.1f s, status %3d, %d bytes", k.name, time.Since(begun).Seconds(), want.status, len(want.output))
		here, all[k.name] = append(here, k), want
	}
	return here, all
}
