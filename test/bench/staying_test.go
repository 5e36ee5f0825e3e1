package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"openmosix/test/labtest"
)

const (
	stayRounds = 7
	stayTurns  = 10 // measurements of each kind in a round
)

// BenchmarkStaying measures a process that never moves, on a node of one CPU whose
// daemon balances, and has another node to balance with; on the same nodes without
// daemons; and under mosrun, which has its supervisor trace it.
func BenchmarkStaying(b *testing.B) {
	lab := labtest.UpBalanced(b, 0, runtime.NumCPU()-1)
	dir := labtest.Scratch(b)
	program, nothing := compiled(b, dir, "calls", "-pthread"), compiled(b, dir, "nothing", "-static")
	data := filepath.Join(dir, "data")
	if err := os.WriteFile(data, make([]byte, 1<<20), 0o644); err != nil {
		b.Fatal(err)
	}
	ctx := b.Context()
	// Two that compute by turns look like two that want half a CPU: it would be moved.
	w := start(b, lab.Command(ctx, 1, "/", labtest.InNode, "nomig", program, data, nothing))
	attended := start(b, lab.Command(ctx, 1, "/", labtest.InNode, "mosrun", "-h", program, data, nothing))
	kinds := []string{"cpu", "getppid"}
	with, without, under := map[string][]float64{}, map[string][]float64{}, map[string][]float64{}
	measure := func(w *worker, into map[string][]float64) {
		for _, kind := range kinds {
			var all []float64
			begun := time.Now()
			for range stayTurns {
				all = append(all, w.ask(kind))
			}
			took := median(all)
			if kind == "cpu" { // a median would leave out what interrupts it
				took = float64(time.Since(begun).Nanoseconds()) / stayTurns
			}
			into[kind] = append(into[kind], took)
		}
	}
	var daemons [3]*exec.Cmd
	for range b.N * stayRounds {
		measure(w, with)
		measure(attended, under)
		if at, err := lab.Where(ctx, 1, w.pid); err != nil || at != labtest.Home {
			b.Fatalf("it is at %d: %v", at, err)
		}
		for node := 1; node <= 2; node++ {
			pid, err := lab.Daemon(ctx, node)
			if err != nil {
				b.Fatal(err)
			}
			lab.Kill(node, pid)
			if daemons[node] != nil {
				_ = daemons[node].Wait() // it has been killed
			}
		}
		measure(w, without)
		for node := 1; node <= 2; node++ {
			var err error
			if daemons[node], err = lab.StartDaemon(ctx, node); err != nil {
				b.Fatal(err)
			}
		}
		time.Sleep(2 * time.Second) // they find each other
	}
	t := newTable("A process that never moves", "operation", "no daemon", "daemon that balances", "daemon / none", "under mosrun -h / none", "aim")
	for _, kind := range kinds {
		unit, per := "µs", 1e3
		if kind == "cpu" {
			unit, per = "ms", 1e6
		}
		show := func(v []float64) string { return fmt.Sprintf("%.3f %s", median(v)/per, unit) }
		more := byRound(with[kind], without[kind])
		t.row(kind, show(without[kind]), show(with[kind]), format("%.3f", more), format("%.3f", byRound(under[kind], without[kind])), "1.00")
		b.ReportMetric(median(more), kind+"-x")
	}
	t.print()
}
