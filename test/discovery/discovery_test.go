package discovery

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"openmosix/internal/node/control"
	"openmosix/test/labtest"
)

// patience is how long anything may take that takes seconds on a machine that has nothing else to do.
const patience = time.Minute

// nodes asks a node for its table.
func nodes(ctx context.Context, t *testing.T, l *labtest.Lab, node int) []control.Node {
	t.Helper()
	out, err := l.Command(ctx, node, "/", labtest.InNode, "nodes", "--json").Output()
	if err != nil {
		return nil
	}
	var table []control.Node
	if err := json.Unmarshal(out, &table); err != nil {
		t.Fatal(err)
	}
	return table
}

// picture is a table as text: which numbers are up.
func picture(table []control.Node) string {
	var words []string
	for _, n := range table {
		state := "down"
		if n.Up {
			state = "up"
		}
		if len(n.Twins) > 0 {
			state += " and " + strings.Join(n.Twins, ",")
		}
		words = append(words, fmt.Sprintf("%d %s", n.Number, state))
	}
	return strings.Join(words, "; ")
}

// await waits until a node's table looks like that.
func await(ctx context.Context, t *testing.T, l *labtest.Lab, node int, want string) {
	t.Helper()
	begun := time.Now()
	for {
		got := picture(nodes(ctx, t, l, node))
		if got == want {
			return
		}
		if time.Since(begun) > patience {
			t.Fatalf("node %d sees %q, want %q", node, got, want)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// awaitSilent waits until the membership of a node takes another one for dead.
func awaitSilent(ctx context.Context, t *testing.T, l *labtest.Lab, node, dead int) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		table := nodes(ctx, t, l, node)
		if slices.ContainsFunc(table, func(n control.Node) bool {
			return n.Number == dead && strings.Contains(n.Text, "does not answer the other nodes")
		}) {
			return
		}
		if time.Since(begun) > patience {
			t.Fatalf("node %d sees %+v", node, table)
		}
	}
}

func shell(ctx context.Context, t *testing.T, l *labtest.Lab, node int, line string) string {
	t.Helper()
	out, err := l.Shell(ctx, node, line)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// stop ends a node's daemon, with a goodbye or without.
func stop(ctx context.Context, t *testing.T, l *labtest.Lab, node int, signal string) {
	t.Helper()
	pid, err := l.Daemon(ctx, node)
	if err != nil {
		t.Fatal(err)
	}
	shell(ctx, t, l, node, fmt.Sprintf("kill -%s %d; while kill -0 %d 2>/dev/null; do sleep 0.05; done", signal, pid, pid))
}

func start(ctx context.Context, t *testing.T, l *labtest.Lab, node int) {
	t.Helper()
	c, err := l.StartDaemon(ctx, node)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
	})
}

const all = "1 up; 2 up; 3 up"

func TestNodesComeAndGo(t *testing.T) {
	t.Parallel()
	l, ctx := labtest.UpFinding(t, 3), t.Context()
	for n := 1; n <= 3; n++ {
		await(ctx, t, l, n, all)
	}
	stop(ctx, t, l, 3, "KILL")
	begun := time.Now()
	awaitSilent(ctx, t, l, 1, 3)
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("a killed node is seen as down after %v", took)
	}
	await(ctx, t, l, 2, "1 up; 2 up; 3 down")
	// A move to it is refused at once, not after a timeout.
	out, err := l.Command(ctx, 1, "/", "sh", "-c", "sleep 100 & openmosix migrate $! 3; s=$?; kill $!; exit $s").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "node 3 is down") {
		t.Errorf("%v: %s", err, out)
	}
	start(ctx, t, l, 3)
	await(ctx, t, l, 1, all)
	await(ctx, t, l, 3, all)

	stop(ctx, t, l, 2, "TERM")
	await(ctx, t, l, 1, "1 up; 3 up") // it said goodbye
	start(ctx, t, l, 2)
	await(ctx, t, l, 3, all)
}

func TestAPartitionHeals(t *testing.T) {
	t.Parallel()
	l, ctx := labtest.UpFinding(t, 3), t.Context()
	shell(ctx, t, l, 3, "ip link set eth0 down")
	awaitSilent(ctx, t, l, 1, 3)
	awaitSilent(ctx, t, l, 3, 1)
	awaitSilent(ctx, t, l, 3, 2)
	await(ctx, t, l, 2, "1 up; 2 up; 3 down")
	shell(ctx, t, l, 3, "ip link set eth0 up")
	for n := 1; n <= 3; n++ {
		await(ctx, t, l, n, all)
	}
}

func TestANumberTakenTwice(t *testing.T) {
	t.Parallel()
	l, ctx := labtest.UpFinding(t, 3), t.Context()
	stop(ctx, t, l, 3, "TERM")
	shell(ctx, t, l, 3, "sed -i 's/^#number = 0/number = 2/' /etc/openmosix/openmosix.toml")
	start(ctx, t, l, 3)
	await(ctx, t, l, 1, "1 up; 2 up and 10.77.0.3:7779")
	await(ctx, t, l, 2, "1 up; 2 up and 10.77.0.3:7779")
	await(ctx, t, l, 3, "1 up; 2 up and 10.77.0.2:7779")
	for _, n := range []int{2, 3} {
		text, err := l.Log(n)
		if err != nil || !strings.Contains(text, "event=number-taken number=2 ") {
			t.Errorf("node %d does not say so (%v)", n, err)
		}
	}
	// Nothing moves from or to a number that is not one node's.
	for node, to := range map[int]int{1: 2, 2: 1, 3: 1} {
		out, err := l.Command(ctx, node, "/", "sh", "-c", fmt.Sprintf("sleep 100 & openmosix migrate $! %d; s=$?; kill $!; exit $s", to)).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "number 2 is taken twice") {
			t.Errorf("a move from node %d to number %d: %v: %s", node, to, err, out)
		}
	}
}

func refused(ctx context.Context, t *testing.T, l *labtest.Lab, node int) uint64 {
	t.Helper()
	var s control.NodeStatus
	if err := json.Unmarshal([]byte(shell(ctx, t, l, node, "openmosix status --json")), &s); err != nil {
		t.Fatal(err)
	}
	return s.Refused
}

func TestTwoClustersOnOneSegment(t *testing.T) {
	t.Parallel()
	l, ctx := labtest.UpFinding(t, 4), t.Context()
	for _, n := range []int{3, 4} {
		stop(ctx, t, l, n, "TERM")
	}
	shell(ctx, t, l, 3, "openmosix key new --force")
	key := shell(ctx, t, l, 3, "cat /etc/openmosix/cluster.key")
	shell(ctx, t, l, 4, "cat > /etc/openmosix/cluster.key <<'END'\n"+key+"\nEND")
	for _, n := range []int{3, 4} {
		start(ctx, t, l, n)
	}
	time.Sleep(4 * time.Second) // beacons of both pass several times
	others := map[int][]string{1: {"10.77.0.3", "10.77.0.4"}, 2: {"10.77.0.3", "10.77.0.4"}, 3: {"10.77.0.1", "10.77.0.2"}, 4: {"10.77.0.1", "10.77.0.2"}}
	for n, want := range map[int]string{1: "1 up; 2 up", 2: "1 up; 2 up", 3: "3 up; 4 up", 4: "3 up; 4 up"} {
		await(ctx, t, l, n, want)
		if r := refused(ctx, t, l, n); r < 3 {
			t.Errorf("node %d counts %d packets of the other cluster", n, r)
		}
		for _, source := range others[n] {
			if times := told(t, l, n, source); times != 1 {
				t.Errorf("node %d names %s %d times, want once", n, source, times)
			}
		}
	}
}

// A node that died comes back at another address, with the number it had.
func TestANodeThatComesBackElsewhere(t *testing.T) {
	t.Parallel()
	l, ctx := labtest.UpFinding(t, 3), t.Context()
	stop(ctx, t, l, 3, "KILL")
	shell(ctx, t, l, 3, `ip addr del 10.77.0.3/16 dev eth0; ip addr add 10.77.9.9/16 dev eth0
		sed -i 's/^#number = 0/number = 3/' /etc/openmosix/openmosix.toml`)
	start(ctx, t, l, 3)
	for n := 1; n <= 3; n++ {
		await(ctx, t, l, n, all)
		for _, other := range nodes(ctx, t, l, n) {
			if other.Number == 3 && (other.Address != "10.77.9.9:7779" || len(other.Twins) > 0) {
				t.Errorf("node %d sees it at %s, and %v", n, other.Address, other.Twins)
			}
		}
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	l, ctx := labtest.UpFinding(t, 2), t.Context()
	const file = "/etc/openmosix/openmosix.toml"
	shell(ctx, t, l, 1, "sed -i 's/^#accept = true/accept = false/; s/^#log = .*/log = \"debug\"/; s/^#max = 64/max = 9/' "+file)
	if got := shell(ctx, t, l, 1, "openmosix reload"); got != "log: changed\nguests.accept: changed\nguests.max: waits for a restart of the node" {
		t.Errorf("%s", got)
	}
	if out, err := l.Command(ctx, 2, "/", "sh", "-c", "sleep 100 & openmosix migrate $! 1; s=$?; kill $!; exit $s").CombinedOutput(); err == nil || !strings.Contains(string(out), "lends nothing") {
		t.Errorf("%v: %s", err, out)
	}
	shell(ctx, t, l, 1, "echo 'numbr = 1' > "+file)
	if out, err := l.Command(ctx, 1, "/", "openmosix", "reload").CombinedOutput(); err == nil || !strings.Contains(string(out), "unknown setting") {
		t.Errorf("%v: %s", err, out)
	}
	// A new key, copied to both nodes: nobody is lost.
	shell(ctx, t, l, 1, "echo > "+file+"; openmosix key rotate")
	key := shell(ctx, t, l, 1, "cat /etc/openmosix/cluster.key")
	shell(ctx, t, l, 2, "cat > /etc/openmosix/cluster.key <<'END'\n"+key+"\nEND")
	for n := 1; n <= 2; n++ {
		if got := shell(ctx, t, l, n, "openmosix reload"); !strings.Contains(got, "the cluster key: changed") {
			t.Errorf("%s", got)
		}
	}
	time.Sleep(2 * time.Second)
	await(ctx, t, l, 1, "1 up; 2 up")
	stop(ctx, t, l, 2, "KILL")
	start(ctx, t, l, 2)
	await(ctx, t, l, 2, "1 up; 2 up")
}

// A map names what is not found: here, with multicast off, the other node.
func TestTheMapOfTheOriginal(t *testing.T) {
	t.Parallel()
	l, ctx := labtest.UpFinding(t, 2), t.Context()
	for n := 1; n <= 2; n++ {
		stop(ctx, t, l, n, "TERM")
		shell(ctx, t, l, n, `cd /etc/openmosix; printf '11 10.77.0.1 2 # both\n' > map
			sed -i 's/^#multicast = true/multicast = false/; s,^#map = "",map = "/etc/openmosix/map",' openmosix.toml; setpe -c`)
		start(ctx, t, l, n)
	}
	await(ctx, t, l, 1, "11 up; 12 up")
	await(ctx, t, l, 2, "11 up; 12 up")
	if got := shell(ctx, t, l, 1, "setpe -r"); got != "11\t10.77.0.1\t2" {
		t.Errorf("setpe -r: %q", got)
	}
	if got := shell(ctx, t, l, 1, "showmap"); !strings.Contains(got, "My Node-Id: 0x000b") || !strings.Contains(got, "0x000b        10.77.0.1  2") {
		t.Errorf("showmap: %s", got)
	}
	if out, err := l.Command(ctx, 1, "/", "sh", "-c", "echo 1 127.0.0.1 1 | setpe -w -f -").CombinedOutput(); err == nil || !strings.Contains(string(out), "not the address of a node") {
		t.Errorf("%v: %s", err, out)
	}
	// A map without this node is refused by the daemon and taken back.
	if out, err := l.Command(ctx, 1, "/", "sh", "-c", "echo 1 10.0.0.1 1 | setpe -w -f -").CombinedOutput(); err == nil || !strings.Contains(string(out), "10.77.0.1) is not in it") {
		t.Errorf("%v: %s", err, out)
	}
	if got := shell(ctx, t, l, 1, "cat /etc/openmosix/map"); !strings.HasPrefix(got, "11 ") {
		t.Errorf("the map is now %q", got)
	}
}
