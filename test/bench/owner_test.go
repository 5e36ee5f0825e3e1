package bench

import (
	"bufio"
	"context"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// ownersRounds is how often all kinds of round are done, by turns.
const ownersRounds = 5

// BenchmarkOwner measures what guests cost the owner of a node with one CPU: his
// program alone, beside two guests that compute and get what is left over, and
// beside the same as ordinary processes; and how long it takes from his
// program's start until the guests are gone.
func BenchmarkOwner(b *testing.B) {
	lab := labtest.UpOn(b, 0, runtime.NumCPU()-1)
	program := filepath.Join(labtest.Scratch(b), "spin")
	if out, err := exec.Command("gcc", "-O1", "-o", program, "src/spin.c").CombinedOutput(); err != nil {
		b.Skipf("gcc: %v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	o := owners{b: b, ctx: ctx, lab: lab, program: program}
	var polite, ordinary, gone []float64
	for range b.N * ownersRounds {
		o.set("owner_first = false")
		before := o.spin()
		guests := o.guests()
		beside := o.spin()
		o.set("weight = 200") // of two ordinary processes
		asOthers := o.spin()
		o.set("")
		after := o.spinUntil(guests)
		guests.kill()
		alone := o.spin()
		between := (before + alone) / 2
		polite = append(polite, between/beside)
		ordinary = append(ordinary, between/asOthers)
		gone = append(gone, after)
	}
	b.Logf("beside guests %.2f, beside ordinary processes %.2f", polite, ordinary)
	report(b, "speed-beside-guests", polite)
	report(b, "speed-beside-ordinary", ordinary)
	report(b, "s-until-guests-gone", gone)
}

type owners struct {
	b       *testing.B
	ctx     context.Context
	lab     *labtest.Lab
	program string
}

func (o owners) shell(node int, line string) string {
	o.b.Helper()
	text, err := o.lab.Shell(o.ctx, node, line)
	if err != nil {
		o.b.Fatal(err)
	}
	return text
}

// set replaces the setting that differs from the configuration.
func (o owners) set(setting string) {
	const file = "/etc/openmosix/openmosix.toml"
	o.shell(2, `cp -n `+file+` `+file+`.first; sed 's/^owner_first = .*/#/; /^\[guests\]/a owner_first = `+strconv.FormatBool(setting == "")+`' `+file+`.first >`+file)
	if strings.HasPrefix(setting, "weight") {
		o.shell(2, `sed -i '/^\[guests\]/a `+setting+`' `+file)
	}
	o.shell(2, labtest.InNode+" reload")
	time.Sleep(1500 * time.Millisecond) // it is applied within a second
}

// spin is how long the owner's program took, in seconds.
func (o owners) spin() float64 {
	o.b.Helper()
	out, err := o.lab.Command(o.ctx, 2, "/", o.program, "1500").Output()
	micros, wrong := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil || wrong != nil {
		o.b.Fatal(err, wrong)
	}
	return micros / 1e6
}

// spinUntil starts the owner's program and waits until no guest is there.
func (o owners) spinUntil(g guests) float64 {
	o.b.Helper()
	ctx, cancel := context.WithCancel(o.ctx)
	owner := o.lab.Command(ctx, 2, "/", o.program)
	begun := time.Now()
	if err := owner.Start(); err != nil {
		o.b.Fatal(err)
	}
	defer func() { cancel(); _ = owner.Wait() }()
	for there := len(g.pids); there > 0; time.Sleep(50 * time.Millisecond) {
		if time.Since(begun) > time.Minute {
			o.b.Fatal("the guests do not leave")
		}
		there = 0
		for _, pid := range g.pids {
			if at, err := o.lab.Where(o.ctx, 1, pid); err != nil || at != labtest.Home {
				there++
			}
		}
	}
	return time.Since(begun).Seconds()
}

// guests are two programs of node 1 that compute on node 2.
type guests struct {
	lab  *labtest.Lab
	cmds []*exec.Cmd
	pids []int
}

func (o owners) guests() guests {
	o.b.Helper()
	g := guests{lab: o.lab}
	for range 2 {
		cmd := o.lab.Command(o.ctx, 1, "/", o.program)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			o.b.Fatal(err)
		}
		line, _ := bufio.NewReader(out).ReadString('\n')
		pid, err := strconv.Atoi(strings.TrimSpace(line))
		if err != nil {
			o.b.Fatal(err)
		}
		g.cmds, g.pids = append(g.cmds, cmd), append(g.pids, pid)
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
			status, text := o.lab.Migrate(o.ctx, 1, pid, 2)
			if status == labtest.Moved {
				break
			}
			if status != labtest.Refused || time.Now().After(deadline) { // refused: the owner was there a moment ago
				o.b.Fatalf("%v: %s", status, text)
			}
		}
	}
	return g
}

func (g guests) kill() {
	for i, pid := range g.pids {
		g.lab.Kill(1, pid)
		_ = g.cmds[i].Wait()
	}
}
