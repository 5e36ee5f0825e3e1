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
	line  string
	// mosrun: its programs are placed as they begin. $MOSRUN is that command, and
	// nothing on the machine itself.
	mosrun bool
}

// kinds of some seconds each on an idle machine.
var kinds = []kind{
	{name: "python", needs: "python3", line: `exec python3 -c '
import hashlib, zlib
h, x = hashlib.sha256(), 1
for i in range(60):
    b = bytearray(1 << 20)
    for j in range(0, len(b), 4096):
        x = (x * 1103515245 + 12345) & 0x7fffffff
        b[j] = x & 255
    h.update(zlib.compress(bytes(b), 1))
print(h.hexdigest(), sum(k * k for k in range(6_000_000)))'`},
	{name: "python-memory", needs: "python3", line: `exec python3 -c '
import random, zlib
all = [random.Random(i).randbytes(1 << 20) for i in range(96)]
s = 0
for turn in range(25):
    for b in all: s = zlib.crc32(b, s)
print(s)'`},
	{name: "python-children", needs: "python3", line: `exec python3 -c '
import subprocess, sys, time
out = []
for i in range(12):
    p = subprocess.run(["awk", "{ s += $1 * $1 } END { print s }"], input="\n".join(str(k % 1000) for k in range(40000 + i)), capture_output=True, text=True)
    out.append(p.stdout.strip())
    time.sleep(0.05)
print(" ".join(out)); sys.exit(5)'`},
	{name: "perl", needs: "perl", line: `exec perl -e '
my (%h, $s); for my $i (1 .. 900000) { $h{($i * 7919) % 50021} += $i; } 
for my $k (sort { $a <=> $b } keys %h) { $s = ($s * 31 + $h{$k} + $k) % 1000000007; } print "$s\n"; exit 7'`},
	{name: "awk", needs: "awk", line: `exec awk 'BEGIN { x = 1; for (i = 0; i < 9000000; i++) x = (x * 16807) % 2147483647; print x }'`},
	{name: "xz", needs: "xz", line: `xz -4 -c <"$SHARED/text" | tee packed | sha256sum; xz -dc packed | cmp - "$SHARED/text" && stat -c %s packed`},
	{name: "gzip", needs: "gzip", line: `for i in 1 2 3; do gzip -9 -n -c <"$SHARED/text" >packed.$i; done; cat packed.* | gzip -dc | sha256sum; sha256sum <packed.3`},
	{name: "sqlite", needs: "sqlite3", line: `sqlite3 db "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT); BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120000) INSERT INTO t SELECT i, printf('%08d', i * 7919 % 100003) FROM n; COMMIT; CREATE INDEX x ON t(b);"
exec sqlite3 db "SELECT count(*), sum(length(b)), min(b), max(b) FROM t; SELECT count(*) FROM t AS p JOIN t AS q ON p.b = q.b WHERE p.a < q.a; PRAGMA integrity_check"`},
	{name: "openssl", needs: "openssl", line: `openssl enc -aes-256-cbc -pbkdf2 -iter 400000 -pass pass:soak -S 0011223344556677 -in "$SHARED/text" -out sealed; openssl dgst -sha512 sealed
exec openssl enc -d -aes-256-cbc -pbkdf2 -iter 400000 -pass pass:soak -S 0011223344556677 -in sealed | cmp - "$SHARED/text"`},
	{name: "pipeline", needs: "sort", line: `seq 1 250000 | awk '{ print ($1 * 48271) % 65537, $1 }' | sort -n | uniq -c | sed 's/ 1 / one /' | sha256sum`},
	{name: "shell", needs: "bash", line: `set +e; s=0; for i in {1..120}; do a=$( (echo $((i * i)); exit $((i % 7))) ); s=$(( (s * 31 + a + $?) % 99991 )); sleep 0.01; done; trap 'echo bye $s' EXIT; exit 9`},
	{name: "signalled", needs: "bash", line: `for i in {1..300000}; do :; done; echo going; kill -TERM $$; sleep 60`},
	{name: "timers", needs: "python3", line: `exec python3 -c '
import select, signal, os, time
n = 0
def tick(*_):
    global n
    n += 1
signal.signal(signal.SIGALRM, tick)
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
r, w = os.pipe()
begun = time.monotonic()
while n < 60:
    select.select([r], [], [], 0.02)
signal.setitimer(signal.ITIMER_REAL, 0)
print("ticks", n >= 60, time.monotonic() - begun > 2.8)'`},
	{name: "threads", needs: "gcc", line: `exec "$SHARED/threads"`},
	{name: "make", needs: "make", mosrun: true, line: `cp "$SHARED"/src/* . && $MOSRUN make -s -j3 && sha256sum *.o && ./program`},
	{name: "xargs", needs: "gcc", mosrun: true, line: `cp "$SHARED"/src/* . && ls *.c | $MOSRUN xargs -P 3 -n 1 gcc -O2 -S && cat *.s | sha256sum`},
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

// atHome runs one program of each kind on the machine itself.
func atHome(t *testing.T, dir, shared string) map[string]expected {
	t.Helper()
	all := map[string]expected{}
	for _, k := range kinds {
		at := filepath.Join(dir, "home-"+k.name)
		if err := os.Mkdir(at, 0o755); err != nil {
			t.Fatal(err)
		}
		c := exec.Command("bash", "-c", prologue+k.line)
		c.Dir, c.Env = at, append(os.Environ(), "SHARED="+shared, "MOSRUN=", "LC_ALL=C")
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
		all[k.name] = want
	}
	return all
}
