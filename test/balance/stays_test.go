package balance

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// Programs that are known to stay begin while the daemon answers nothing; what somebody says holds
// for the very next program.
func TestProgramsThatStay(t *testing.T) {
	lab := labtest.UpBalanced(t, 0, runtime.NumCPU()-1)
	w := newWorkers(t, lab)
	daemon, err := lab.Daemon(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	busy := w.busy(time.Second)
	// One is asked about, all others wait for nobody: half a second each, if they did.
	const runs = 60
	script := fmt.Sprintf("all() { s=$(cut -d. -f1 /proc/uptime); i=0; while [ $i -lt %d ]; do /bin/true; i=$((i+1)); done; e=$(cut -d. -f1 /proc/uptime); echo $((e-s)); }; /bin/true; all; kill -STOP %d; all; kill -CONT %d",
		runs, daemon, daemon)
	var took [2]int // with the daemon, and without; a busy machine takes its time for either
	out := w.do(1, labtest.InNode+" mosrun sh -c '"+script+"'")
	if _, err := fmt.Sscan(out, &took[0], &took[1]); err != nil || took[1] >= took[0]+runs/4 {
		t.Errorf("%d programs took %q seconds with a daemon, and without: %v", runs, out, err)
	}

	// It is known to stay, and somebody says where it is to go.
	w.do(1, fmt.Sprintf("%[1]s mosrun sh -c '/bin/true; /bin/true; %[1]s mosrun -2 /bin/true; /bin/true'", labtest.InNode))
	w.placedAtLeast(map[string]int{"true": 1})
	if n := w.placed()["true"]; n != 1 {
		t.Errorf("%d of four programs, of which one was to, began on node 2", n)
	}

	// A program that goes if it may: others want the CPU, and it takes its time. Whether it does is the balancer's
	// to say, so it gets several chances; in a family that is not told otherwise it would have none.
	if out, err := exec.Command("gcc", "-O1", "-o", filepath.Join(w.dir, "goes"), "-x", "c", "src/goes.c").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	w.start(2, labtest.InNode, "mosrun", "-L")
	for word, back := range map[string]string{"stay": "nostay", "lstay": "nolstay"} {
		for try, before := 0, w.placed()["goes"]; ; try++ {
			w.do(1, fmt.Sprintf("cd %s && %s mosctl %s && %[2]s mosrun sh -c './goes; %[2]s mosctl %[4]s; ./goes'", w.dir, labtest.InNode, word, back))
			n := w.placed()["goes"] - before
			if n > try+1 {
				t.Errorf("%d programs began on node 2 after mosctl %s", n-try-1, word)
			}
			if n > 0 {
				break
			}
			if busy > 0.2 && try == 1 {
				t.Logf("others use %.0f%% of this machine: no program began on node 2 after mosctl %s", 100*busy, back)
				break
			}
			if try == tries {
				t.Errorf("no program began on node 2 after mosctl %s", back)
				break
			}
		}
	}
	w.end()
}

// tries a program has to be sent elsewhere.
const tries = 8
