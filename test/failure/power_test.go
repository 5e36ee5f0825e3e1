package failure

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// noticed is how soon the end of a node that says nothing of it has to be known:
// half a minute, and some.
const noticed = 75 * time.Second

// calls makes calls of its home without pause, so that there is always something
// on its way to the node it is on.
const calls = `$| = 1; print "$$\n"; while (1) { syscall(110); open(F, "/etc/passwd"); read(F, $x, 4000); close F }`

// A node that loses its power says nothing. What was on it dies within the half
// minute in which a connection is known to be dead, although the kernel tries for
// a quarter of an hour to get through what was sent to it.
func TestPowerFails(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute; make soak does it")
	}
	for _, program := range []string{"perl", "nft"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not here", program)
		}
	}
	r := newRig(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*noticed)
	defer cancel()
	said := &labtest.Output{}
	c := r.lab.Command(ctx, 1, "/", "perl", "-e", calls)
	c.Stdout = said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	for range stopTries {
		if strings.HasSuffix(said.String(), "\n") {
			break
		}
		time.Sleep(pause)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(said.String()))
	if err != nil {
		t.Fatal(err)
	}
	if status, text := r.lab.Migrate(ctx, 1, pid, 2); status != labtest.Moved {
		t.Fatalf("migrate: %v: %s", status, text)
	}
	time.Sleep(10 * pause)
	r.shell(t, 2, `nft 'table inet cut { chain in { type filter hook input priority 0; policy drop; }; chain out { type filter hook output priority 0; policy drop; }; }'`)
	select {
	case err := <-ended:
		if c.ProcessState.ExitCode() != 137 {
			t.Errorf("it ends with %v", err)
		}
	case <-time.After(noticed):
		t.Errorf("it has not ended after %v", noticed)
		r.lab.Kill(1, pid)
	}
}
