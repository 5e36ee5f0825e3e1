package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// SourcesVariable names the environment variable with the directory that
// scripts/sources has filled.
const SourcesVariable = "OPENMOSIX_SOURCES"

const (
	shortRounds = 1 // of two thousand programs
	buildLimit  = 25 * time.Minute
)

// project is something to build.
type project struct {
	name    string
	prepare string // shell, in an empty directory, with SOURCES: brings the sources
	make    string // with -jN and CC to follow
	rounds  int
}

var projects = []project{
	{"lua", "cp $SOURCES/lua.mk $SOURCES/lua/src/*.[ch] .", "make -s -f lua.mk", 3},
	{"redis", "cp -r $SOURCES/redis/. .", "SOURCE_DATE_EPOCH=1 make -s MALLOC=libc", 2},
}

// way is one way to build on two nodes.
type way struct {
	name    string
	needs   string // a program of Debian's; empty: none
	prepare string // shell, once, on node 1
	second  string // ... and on node 2
	before  string // shell words before make, on node 1
	after   string // arguments of make
	bound   bool   // no node, but one kernel with both CPUs: what nobody can be better than
}

var ways = []way{
	{name: "one node alone", before: "runhome", after: "-j2"},
	{name: "one kernel, both CPUs", before: "env", after: "-j4", bound: true},
	{name: "mosrun", before: "mosrun", after: "-j4"},
	{name: "distcc", needs: "distcc",
		second: "distccd --daemon --allow 10.77.0.0/16 --listen 10.77.0.2 --jobs 2 --user nobody --log-file /tmp/distccd.log",
		before: "export DISTCC_HOSTS='localhost/2 10.77.0.2/2' DISTCC_DIR=/tmp/distcc; runhome", after: "-j4 CC='distcc gcc'"},
	{name: "icecream", needs: "icecc",
		prepare: "icecc-scheduler -d -l /tmp/scheduler.log -p 8765; sleep 1; iceccd -d -s 10.77.0.1 -m 1 -N one -b /tmp/icecc -l /tmp/iceccd.log",
		second:  "iceccd -d -s 10.77.0.1 -m 1 -N two -b /tmp/icecc -l /tmp/iceccd.log; sleep 5",
		before:  "export USE_SCHEDULER=10.77.0.1; runhome", after: "-j4 CC='icecc gcc'"},
}

// line is the shell's, in the directory of the sources.
func (w way) line(p project) string {
	setting, command := "", p.make
	if i := strings.Index(command, "make"); i > 0 {
		setting, command = "export "+strings.TrimSpace(command[:i])+"; ", command[i:]
	}
	return setting + w.before + " " + command + " " + w.after + " >/dev/null"
}

// BenchmarkBuild builds programs on two nodes of one CPU each in every way that is
// installed, by turns; apart from what is there for debuggers, where directories of
// one's own have their names, the objects have to be the same.
func BenchmarkBuild(b *testing.B) {
	sources := os.Getenv(SourcesVariable)
	if sources == "" {
		b.Skipf("%s is not set: the directory that scripts/sources has filled", SourcesVariable)
	}
	lab := labtest.UpBalanced(b, 0, 1)
	dir := labtest.Scratch(b)
	ctx, cancel := context.WithTimeout(context.Background(), buildLimit)
	defer cancel()
	// Node 0 is the machine that the nodes are on.
	shell := func(b *testing.B, node int, line string) string {
		c := exec.CommandContext(ctx, "taskset", "-c", "0,1", "/bin/sh", "-c", line)
		if c.Dir = dir; node != 0 {
			c = lab.Command(ctx, node, dir, "/bin/sh", "-c", line)
		}
		out, err := c.CombinedOutput()
		if err != nil {
			b.Fatalf("node %d: %s: %v: %s", node, line, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	var able []way
	for _, w := range ways {
		if _, err := exec.LookPath(w.needs); w.needs != "" && errors.Is(err, exec.ErrNotFound) {
			b.Logf("%s is not installed", w.needs)
			continue
		}
		able = append(able, w)
		for node, line := range map[int]string{1: w.prepare, 2: w.second} {
			if line != "" {
				shell(b, node, "exec >/dev/null 2>&1 </dev/null; "+line)
			}
		}
	}
	for _, p := range projects {
		b.Run(p.name, func(b *testing.B) {
			took, want := map[string][]float64{}, ""
			for range p.rounds {
				for _, w := range able {
					shell(b, 1, "rm -rf work && mkdir work && cd work && SOURCES='"+sources+"' && "+p.prepare)
					node := 1
					if w.bound {
						node = 0
					}
					start := time.Now()
					shell(b, node, "cd work && "+w.line(p))
					took[w.name] = append(took[w.name], time.Since(start).Seconds())
					got := shell(b, 1, "cd work && find . -name '*.o' | sort | while read o; do objcopy --strip-debug $o /tmp/o && cat /tmp/o; done | sha256sum")
					if want == "" {
						want = got
					}
					if got != want {
						b.Errorf("%s: the objects differ", w.name)
					}
				}
			}
			alone := took[able[0].name]
			for _, w := range able {
				var faster []float64
				for i, t := range took[w.name] {
					faster = append(faster, alone[i]/t)
				}
				b.Logf("%-21s %s s, %s times one node", w.name, within(took[w.name]), within(faster))
				b.ReportMetric(median(faster), strings.NewReplacer(" ", "-", ",", "").Replace(w.name)+"-x")
			}
		})
	}
}

// BenchmarkShortJobs runs many programs of 50 ms of CPU time each, from one shell
// loop under mosrun, and by GNU parallel over ssh on the same two nodes.
func BenchmarkShortJobs(b *testing.B) {
	lab := labtest.UpBalanced(b, 0, 1)
	dir := labtest.Scratch(b)
	ctx, cancel := context.WithTimeout(context.Background(), buildLimit)
	defer cancel()
	shell := func(node int, line string) string {
		out, err := lab.Command(ctx, node, dir, "/bin/sh", "-c", line).CombinedOutput()
		if err != nil {
			b.Fatalf("node %d: %s: %v: %s", node, line, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if out, err := exec.Command("gcc", "-O1", "-o", filepath.Join(dir, "job"), "src/job.c").CombinedOutput(); err != nil {
		b.Skipf("gcc: %v: %s", err, out)
	}
	jobs := shortJobs
	if testing.Short() {
		jobs /= 10
	}
	commands := map[string]string{
		"alone":  fmt.Sprintf("seq %d | xargs -P 2 -n 1 ./job", jobs),
		"mosrun": fmt.Sprintf("seq %d | mosrun xargs -P 4 -n 1 ./job", jobs),
	}
	if _, err := exec.LookPath("parallel"); err == nil {
		if _, err := exec.LookPath("/usr/sbin/sshd"); err == nil {
			for node := 1; node <= 2; node++ {
				shell(node, sshServer(node))
			}
			commands["parallel"] = fmt.Sprintf("seq %d | HOME=/tmp PATH=/tmp/bin:$PATH parallel --will-cite --workdir %s -j 2 -S 10.77.0.1 -S 10.77.0.2 ./job", jobs, dir)
		}
	}
	took := map[string][]float64{}
	want := ""
	b.ResetTimer()
	for range shortRounds {
		for _, name := range []string{"alone", "mosrun", "parallel"} {
			line, there := commands[name]
			if !there {
				continue
			}
			start := time.Now()
			got := shell(1, line+" | sort -n | sha256sum")
			took[name] = append(took[name], time.Since(start).Seconds())
			if want == "" {
				want = got
			}
			if got != want {
				b.Errorf("%s: the results differ", name)
			}
		}
	}
	b.StopTimer()
	for name, t := range took {
		var faster []float64
		for i := range t {
			faster = append(faster, took["alone"][i]/t[i])
		}
		b.Logf("%-10s %s s, %s times one node", name, within(t), within(faster))
		b.ReportMetric(median(faster), name+"-x")
	}
}

// within is a median with the least and the most.
func within(v []float64) string {
	m, least, most := spread(v)
	return fmt.Sprintf("%.2f (%.2f-%.2f)", m, least, most)
}

// shortJobs is how many there are.
const shortJobs = 2000

// sshServer starts an ssh server in a node, with a key that root of the lab's nodes
// has: made in /tmp, which is the node's own, by node 1 and brought by the directory.
// Bash under sshd reads ~/.bashrc at the first level only, and what root has there is
// not to be measured, nor waited for.
func sshServer(node int) string {
	return fmt.Sprintf(`set -e
exec >/dev/null 2>&1 </dev/null
mkdir -p /run/sshd /tmp/.ssh
ssh-keygen -q -t ed25519 -N '' -f /tmp/host
[ -e key ] || ssh-keygen -q -t ed25519 -N '' -f key
cp key /tmp/.ssh/id_ed25519; chmod 600 /tmp/.ssh/id_ed25519
cp key.pub /tmp/authorized; chown root:root /tmp/authorized; chmod 600 /tmp/authorized
printf 'Host *\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  IdentityFile /tmp/.ssh/id_ed25519\n  LogLevel ERROR\n' >/tmp/ssh_config
mkdir -p /tmp/bin; printf '#!/bin/sh\nexec /usr/bin/ssh -F /tmp/ssh_config "$@"\n' >/tmp/bin/ssh; chmod +x /tmp/bin/ssh
/usr/sbin/sshd -o ListenAddress=10.77.0.%d -o HostKey=/tmp/host -o AuthorizedKeysFile=/tmp/authorized -o StrictModes=no -o SetEnv=SHLVL=5 -o PermitRootLogin=yes -o MaxStartups=100 -o PidFile=none`, node)
}
