package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

const (
	footprints      = 20
	footprintSettle = 10 * time.Second // supervisors give back what moves have used
	footprintLimit  = time.Minute
)

// BenchmarkFootprint moves small processes away and adds up the memory of all that
// is there for them on both sides, less what the programs used before. Memory that
// several share counts in equal parts (PSS). What the kernel uses for sockets, page
// tables and namespaces is not in it.
func BenchmarkFootprint(b *testing.B) {
	lab := labtest.Up(b, 2)
	program := compiled(b, labtest.Scratch(b), "small")
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Minute)
	defer cancel()
	t := newTable(fmt.Sprintf("Memory of a process that is away, KiB each (%d of them, PSS, both nodes)", footprints), "they left",
		"program at home", "home supervisor", "deputy", "guest supervisor", "init of namespaces", "body", "all of that, less the program", "both daemons grew by", "aim")
	f := &footprint{ctx: ctx, b: b, lab: lab, program: program}
	first := f.look()
	stop := f.start("")
	plain := f.look()
	for _, pid := range plain.pids {
		if status, text := lab.Migrate(ctx, 1, pid, 2); status != labtest.Moved {
			b.Fatalf("%v: %s", status, text)
		}
	}
	time.Sleep(footprintSettle)
	f.row(t, "each by itself (migrate)", "MiB-by-itself", plain, first)
	stop()
	time.Sleep(footprintSettle)
	first = f.look()
	stop = f.start(labtest.InNode + " mosrun -2 ")
	f.row(t, "as one family (mosrun)", "MiB-in-family", plain, first)
	stop()
	t.print()
}

type footprint struct {
	ctx     context.Context
	b       *testing.B
	lab     *labtest.Lab
	program string
}

// start has a shell of node 1 start the programs, and waits until all are ready.
func (f *footprint) start(before string) (stop func()) {
	f.b.Helper()
	line := fmt.Sprintf("%ssh -c 'for i in $(seq %d); do %s & done; wait'", before, footprints, f.program)
	c := f.lab.Command(f.ctx, 1, "/", "sh", "-c", line)
	out := &labtest.Output{}
	c.Stdout, c.Stderr = out, out
	if err := c.Start(); err != nil {
		f.b.Fatal(err)
	}
	for deadline := time.Now().Add(footprintLimit); strings.Count(out.String(), "ready") < footprints; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.b.Fatalf("the programs do not start: %s", out)
		}
	}
	time.Sleep(footprintSettle)
	return func() {
		for _, pid := range f.look().pids {
			f.lab.Kill(1, pid)
		}
		_ = c.Wait() // its children have been killed
	}
}

// usage is what is in use on both nodes, in KiB.
type usage struct {
	home, deputies, guest, inits, bodies, daemons int
	pids                                          []int // of the programs, at home
}

// look adds up. A process is told by its arguments, which the supervisors and the
// namespaces' inits set.
func (f *footprint) look() (u usage) {
	f.b.Helper()
	for node := 1; node <= 2; node++ {
		text, err := f.lab.Shell(f.ctx, node, `cd /proc; for p in [0-9]*; do
pss=$(sed -n 's/^Pss: *\([0-9]*\) kB/\1/p' $p/smaps_rollup 2>/dev/null) && echo "$p" "${pss:-0}" $(tr '\0' ' ' <$p/cmdline 2>/dev/null)
done; true`)
		if err != nil {
			f.b.Fatal(err)
		}
		for line := range strings.Lines(text) {
			words := append(strings.Fields(line), "", "", "")
			pid, _ := strconv.Atoi(words[0])
			kib, _ := strconv.Atoi(words[1])
			switch {
			case words[2] == f.program && node == 1:
				u.deputies += kib
				u.pids = append(u.pids, pid)
			case words[2] == f.program:
				u.bodies += kib
			case words[3] == "supervise-home":
				u.home += kib
			case words[3] == "supervise-guest":
				u.guest += kib
			case filepath.Base(words[2]) == "openmosix-guest":
				u.inits += kib
			case words[3] == "node":
				u.daemons += kib
			}
		}
	}
	return u
}

// row tells of what is away now, and of what there was at home before.
func (f *footprint) row(t *table, how, unit string, plain, first usage) {
	f.b.Helper()
	now := f.look()
	if len(plain.pids) != footprints || len(now.pids) != footprints || now.bodies == 0 {
		f.b.Fatalf("%d programs at home before, %d of them away: %+v", len(plain.pids), len(now.pids), now)
	}
	all := now.home + now.deputies + now.guest + now.inits + now.bodies - plain.deputies
	cells := []string{how}
	for _, n := range []int{plain.deputies, now.home, now.deputies, now.guest, now.inits, now.bodies, all, now.daemons - first.daemons} {
		cells = append(cells, strconv.Itoa(n/footprints))
	}
	t.row(append(cells, "8192")...)
	f.b.ReportMetric(float64(all)/footprints/1024, unit)
}
