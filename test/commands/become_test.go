package commands

import (
	"strings"
	"testing"

	"openmosix/test/labtest"
)

// What mosrun runs finds the world as it would without mosrun. Each line of the
// script says what differs; none is the wish.
func TestMosrunChangesNothing(t *testing.T) {
	l := labtest.Up(t, 1)
	for name, script := range map[string]string{
		// Those of the C library, 32 and 33, cannot be named; the kernel's two cannot be changed.
		"signals": `
			for s in $(seq 1 31) $(seq 34 64); do
				[ $s = 9 ] || [ $s = 19 ] || for how in ignore block; do
					look="grep -E ^(SigIgn|SigCgt|SigBlk) /proc/self/status"
					a=$(env --$how-signal=$s $look); b=$(env --$how-signal=$s openmosix mosrun -l $look)
					[ "$a" = "$b" ] || echo "$how $s: without $a with $b"
				done
			done
			a=$(env --ignore-signal --block-signal $look); b=$(env --ignore-signal --block-signal openmosix mosrun -l $look)
			[ "$a" = "$b" ] || echo "all: without $a with $b"`,
		"nohup": `
			cd /tmp; nohup openmosix mosrun -l sh -c 'kill -HUP $$; echo lives' >nohup.txt 2>&1; grep -q lives nohup.txt || cat nohup.txt
			sh -c "trap '' TERM QUIT; exec openmosix mosrun -l sh -c 'kill -TERM \$\$; kill -QUIT \$\$; exit 7'"; [ $? = 7 ] || echo "TERM is not ignored"
			sh -c 'openmosix mosrun -l sh -c "kill -TERM \$\$"' 2>/dev/null; [ $? = 143 ] || echo "TERM is ignored"`,
		"world": `
			look='env | grep -v ^OPENMOSIX_POLICY= | sort; pwd; umask; ulimit -a; ulimit -Hn; nice; ls -l /proc/self/fd | sed "s/.* \([0-9]* -> \)/\1/;s/->.*proc.*//;s/pipe:.*//"
				ps -o ppid=,pgid=,sid=,tty=,psr= -p $$ | sed "s/ [0-9]*$//"; cat /proc/self/oom_score_adj /proc/self/timerslack_ns /proc/self/coredump_filter
				grep -E "^(Cap|NoNewPrivs|Seccomp|THP_enabled|Cpus_allowed_list|Groups|Uid|Gid)" /proc/self/status; echo "$0 $*"'
			cd /usr; umask 027; ulimit -Sn 123; ulimit -c 7; exec 7</etc/passwd
			a=$(nice -n 5 env -i PATH="$PATH" X="a b" sh -c "$look" name one "t w o"); b=$(nice -n 5 env -i PATH="$PATH" X="a b" openmosix mosrun -l sh -c "$look" name one "t w o")
			[ "$a" = "$b" ] || { echo "$a" >/tmp/a; echo "$b" >/tmp/b; diff /tmp/a /tmp/b; }`,
		"terminal": `
			look='tty; ps -o tty=,stat= -p $$; ps -o pgid= -o tpgid= -p $$ | awk "{ print \$1 == \$2 }"; stty -a'
			a=$(script -qec "sh -c '$look'" /dev/null </dev/null); b=$(script -qec "openmosix mosrun -l sh -c '$look'" /dev/null </dev/null)
			[ "$a" = "$b" ] || { echo "without $a"; echo "with $b"; }`,
		"ends": `
			printf 'exit 3\n' >/tmp/script; chmod 755 /tmp/script; mkdir -p /tmp/directory
			for end in 'exit 17' 'kill -SEGV $$' 'kill -KILL $$' 'exit 255' 'exit 126'; do
				sh -c "$end" 2>/dev/null; a=$?; openmosix mosrun -l sh -c "$end" 2>/dev/null; b=$?; [ $a = $b ] || echo "$end: $a, $b"
			done
			openmosix mosrun -l /tmp/script; [ $? = 3 ] || echo "a script without a first line"
			for it in /nowhere nothing-of-this-name /tmp/directory /etc/passwd; do
				env $it 2>/dev/null; a=$?; openmosix mosrun -l $it 2>/dev/null; b=$?; [ $a = $b ] || echo "$it: $a, $b"
			done`,
	} {
		t.Run(name, func(t *testing.T) {
			out, err := l.Command(t.Context(), 1, "/", "sh", "-c", script+"\necho done").CombinedOutput()
			if got := strings.TrimSpace(string(out)); err != nil || got != "done" {
				t.Errorf("%v:\n%s", err, got)
			}
		})
	}
}
