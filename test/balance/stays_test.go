package balance

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
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
	// One is asked about, all others wait for nobody: half a second each, if they did.
	const runs = 60
	script := fmt.Sprintf("/bin/true; /bin/true; kill -STOP %d; s=$(cut -d. -f1 /proc/uptime); i=0; while [ $i -lt %d ]; do /bin/true; i=$((i+1)); done; e=$(cut -d. -f1 /proc/uptime); kill -CONT %d; echo $((e-s))",
		daemon, runs, daemon)
	var took int
	out := w.do(1, labtest.InNode+" mosrun sh -c '"+script+"'")
	if _, err := fmt.Sscan(strings.TrimSpace(out), &took); err != nil || took >= runs/4 {
		t.Errorf("%d programs took %q seconds without a daemon: %v", runs, out, err)
	}

	// A program that goes if it may: others want the CPU, and it takes its time.
	if out, err := exec.Command("gcc", "-O1", "-o", filepath.Join(w.dir, "goes"), "-x", "c", "src/goes.c").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	w.start(2, labtest.InNode, "mosrun", "-L")
	time.Sleep(3 * time.Second) // until a look has found them
	goes := "for i in 1 2 3; do ./goes; done; "
	placed := func() int {
		out := w.do(1, "timeout 3 "+labtest.InNode+" events --kind moved --since 1h --json || true")
		return len(regexp.MustCompile(`"move":"placed","pid":[0-9]+,"command":"goes"`).FindAllString(out, -1))
	}
	w.do(1, fmt.Sprintf("cd %s && %s mosrun sh -c '%s'", w.dir, labtest.InNode, goes))
	before := placed()
	if before == 0 {
		t.Fatal("nothing is placed")
	}
	for word, back := range map[string]string{"stay": "nostay", "lstay": "nolstay"} {
		w.do(1, fmt.Sprintf("cd %[1]s && %[2]s mosrun sh -c '%[2]s mosctl %[3]s; %[4]s'", w.dir, labtest.InNode, word, goes))
		if n := placed(); n != before {
			t.Errorf("%d programs are placed elsewhere after mosctl %s", n-before, word)
		}
		w.do(1, fmt.Sprintf("cd %[1]s && %[2]s mosrun sh -c './goes; %[2]s mosctl %[3]s; ./goes'", w.dir, labtest.InNode, back))
		if n := placed(); n != before+1 {
			t.Errorf("%d programs are placed elsewhere, the one after mosctl %s is to be", n-before, back)
		}
		before = placed()
	}
	w.end()
}
