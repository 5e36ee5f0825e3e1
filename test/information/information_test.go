package information

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"openmosix/internal/node/control"
	"openmosix/test/labtest"
)

// patience is how long anything may take that takes seconds.
const patience = 60 * time.Second

// of asks node 1 what it knows of another.
func of(t *testing.T, l *labtest.Lab, number int, flags ...string) control.Node {
	t.Helper()
	out, err := l.Command(t.Context(), 1, "/", append([]string{labtest.InNode, "nodes", "--json"}, flags...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var table []control.Node
	if err := json.Unmarshal(out, &table); err != nil {
		t.Fatal(err)
	}
	for _, n := range table {
		if n.Number == number {
			return n
		}
	}
	t.Fatalf("node %d is not listed: %s", number, out)
	return control.Node{}
}

// await waits until node 1 knows that of another.
func await(t *testing.T, l *labtest.Lab, number int, what string, is func(control.Node) bool) (control.Node, time.Duration) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		n := of(t, l, number)
		if is(n) {
			return n, time.Since(begun)
		}
		if time.Since(begun) > patience {
			t.Fatalf("%s: %+v", what, n)
		}
	}
}

// told is what was not asked for just now.
func told(n control.Node) bool { return n.Up && n.AskMicros == 0 && n.AgeMillis < 5000 }

func shell(t *testing.T, l *labtest.Lab, node int, line string) string {
	t.Helper()
	out, err := l.Shell(t.Context(), node, line)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestLoadIsKnown(t *testing.T) {
	for name, up := range map[string]func(testing.TB, int) *labtest.Lab{"finding": labtest.UpFinding, "fixed": labtest.Up} {
		t.Run(name, func(t *testing.T) {
			l := up(t, 3)
			for number := 2; number <= 3; number++ {
				await(t, l, number, "nothing is told", told)
			}
			if n := of(t, l, 1); !n.Self || n.AgeMillis != 0 {
				t.Errorf("of itself: %+v", n)
			}
			if n := of(t, l, 2, "--ask"); n.AskMicros == 0 || n.AgeMillis != 0 {
				t.Errorf("asked: %+v", n)
			}
			// In standard units a fast processor is hardly loaded by one process.
			for number := 1; number <= 3; number++ {
				shell(t, l, number, "openmosix mosctl setspeed 10000")
			}
			// CPUs share what runs: as many as there are make the load 1.
			pids := shell(t, l, 2, "for i in $(seq $(nproc)); do sh -c 'while :; do :; done' >/dev/null 2>&1 & echo $!; done")
			n, took := await(t, l, 2, "the load is not known", func(n control.Node) bool { return told(n) && n.Load >= 0.8 })
			t.Logf("load %.2f after %v, %d ms old", n.Load, took, n.AgeMillis)
			if n := of(t, l, 3); n.Load > 0.7 {
				t.Errorf("the load of node 3 is that of another: %+v", n)
			}

			shell(t, l, 2, "openmosix mosctl quiet")
			n, _ = await(t, l, 2, "it is not quiet", func(n control.Node) bool { return n.Quiet })
			if n.Load != 0 || n.MemFree != 0 || n.Utilisation != 0 || !told(n) {
				t.Errorf("a quiet node tells %+v", n)
			}
			shell(t, l, 2, "openmosix mosctl noquiet")
			await(t, l, 2, "it is quiet", func(n control.Node) bool { return told(n) && n.Load > 0.5 })
			shell(t, l, 2, "kill "+strings.Join(strings.Fields(pids), " "))
			await(t, l, 2, "the load is still known", func(n control.Node) bool { return told(n) && n.Load < 0.2 })
		})
	}
}

// What a node said is not believed once it is gone: where the membership sees
// that it is, and where only its silence tells.
func TestAKilledNodeIsNotKnown(t *testing.T) {
	for name, up := range map[string]func(testing.TB, int) *labtest.Lab{"finding": labtest.UpFinding, "fixed": labtest.Up} {
		t.Run(name, func(t *testing.T) {
			l := up(t, 3)
			await(t, l, 3, "nothing is told", told)
			pid, err := l.Daemon(t.Context(), 3)
			if err != nil {
				t.Fatal(err)
			}
			shell(t, l, 3, fmt.Sprintf("kill -KILL %d", pid))
			_, took := await(t, l, 3, "it is taken for up", func(n control.Node) bool { return !n.Up })
			t.Logf("seen as down after %v", took)
			if n := of(t, l, 2); !n.Up {
				t.Errorf("the others are down too: %+v", n)
			}
		})
	}
}
