package owner

import (
	"context"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// Of a supervisor's threads the runtime's watcher, and no other, sleeps longer and waits for its turn: also
// a guest's, which may not ask for it, and also when many threads have been made while it ran.
func TestThreadsOfSupervisors(t *testing.T) {
	lab := labtest.Up(t, 2)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	program := lab.Command(ctx, 1, "/", labtest.InNode, "mosrun", "-2", "sh", "-c", "i=0; while [ $i -lt 60 ]; do /bin/true; i=$((i+1)); done; echo; exec sleep 60")
	out, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		cancel()
		_ = program.Wait()
	}()
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second) // the daemon asks how they are meanwhile
	for node, part := range map[int]string{1: "supervise-home", 2: "supervise-guest"} {
		text, err := lab.Shell(ctx, node, `cd /proc; for p in [0-9]*; do
tr '\0' ' ' <$p/cmdline 2>/dev/null | grep -q "^openmosix `+part+`" && for t in $p/task/*; do t=${t##*/}; echo "$(cat $t/timerslack_ns):$(chrt -p $t | sed -n 's/.*policy: //p')"; done
done; true`)
		if err != nil {
			t.Fatal(err)
		}
		threads := map[string]int{}
		for _, one := range strings.Fields(text) {
			threads[one]++
		}
		watchers := threads["1000000:SCHED_BATCH"]
		for one, n := range threads {
			if strings.HasSuffix(one, "SCHED_BATCH") && n != watchers || n > 1 && n == watchers {
				t.Errorf("%s: %d threads are %s", part, n, one)
			}
		}
		if watchers != 1 {
			t.Errorf("%s: %d of its threads are its watcher: %v", part, watchers, threads)
		}
	}
}
