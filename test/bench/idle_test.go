package bench

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// watchedFor is how long an idle daemon is watched, after it has found the others.
const (
	settles    = 15 * time.Second
	watchedFor = 60 * time.Second
)

// BenchmarkIdle watches the daemons of three nodes that have nothing to do.
func BenchmarkIdle(b *testing.B) {
	for name, up := range map[string]func(testing.TB, int) *labtest.Lab{"finding": labtest.UpFinding, "fixed": labtest.Up} {
		b.Run(name, func(b *testing.B) {
			lab := up(b, 3)
			time.Sleep(settles)
			for range b.N {
				var before [4]int
				for node := 1; node <= 3; node++ {
					before[node] = cpuTime(b, lab, node)
				}
				begun := time.Now()
				time.Sleep(watchedFor)
				var share, memory float64
				for node := 1; node <= 3; node++ {
					used := time.Duration(cpuTime(b, lab, node) - before[node])
					share += 100 * used.Seconds() / time.Since(begun).Seconds() / 3
					memory += float64(number(b, lab, node, "awk '/VmRSS/ { print $2 }' /proc/%d/status")) / 1024 / 3
				}
				b.ReportMetric(share, "%CPU")
				b.ReportMetric(memory, "MiB")
			}
		})
	}
}

// cpuTime is what a node's daemon has used, in nanoseconds. Ticks are too coarse.
func cpuTime(b *testing.B, lab *labtest.Lab, node int) int {
	return number(b, lab, node, "cat /proc/%d/task/*/schedstat | awk '{ sum += $1 } END { printf \"%%d\", sum }'")
}

// number is what a line of shell about a node's daemon says.
func number(b *testing.B, lab *labtest.Lab, node int, line string) int {
	b.Helper()
	pid, err := lab.Daemon(b.Context(), node)
	if err != nil {
		b.Fatal(err)
	}
	text, err := lab.Shell(b.Context(), node, fmt.Sprintf(line, pid))
	if err != nil {
		b.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		b.Fatal(err)
	}
	return n
}
