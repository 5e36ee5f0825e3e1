package bench

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

// memoryRounds is how often each kind of round is done, by turns.
const memoryRounds = 3

// outgrowing is a program that needs twice the memory of its node.
type outgrowing struct{ node, rate int } // MiB, MiB a second

// BenchmarkMemory has a program outgrow its node, whose balancer may move it or
// may not, and tells how large it was when it left and what was left of it at home.
func BenchmarkMemory(b *testing.B) {
	for _, o := range []outgrowing{{512, 50}, {512, 100}, {1024, 100}} {
		b.Run(fmt.Sprintf("%dMiB-%dMBs", o.node, o.rate), o.run)
	}
}

func (o outgrowing) run(b *testing.B) {
	if _, err := exec.LookPath("python3"); err != nil {
		b.Skip("python3 is not here")
	}
	lab := labtest.UpMemory(b, o.node, 0)
	dir := labtest.Scratch(b)
	program := filepath.Join(dir, "grow.py")
	if out, err := exec.Command("cp", "../balance/src/grow.py", program).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	defer cancel()
	want := ""
	var seconds, size, left []float64
	finished, without := 0.0, 0.0
	for range b.N * memoryRounds {
		for _, may := range []bool{true, false} {
			if _, err := lab.Shell(ctx, 1, labtest.InNode+" mosctl "+map[bool]string{true: "nostay", false: "stay"}[may]); err != nil {
				b.Fatal(err)
			}
			r := o.grow(ctx, b, lab, program)
			switch {
			case r.said == "" && may:
				b.Log("a program that might leave was killed")
			case r.said == "":
			case !strings.HasPrefix(r.said, "right ") || want != "" && want != r.said:
				b.Fatalf("it says %q, another %q", r.said, want)
			case !may:
				without++
			default:
				want = r.said
				finished++
				seconds, size, left = append(seconds, r.seconds), append(size, r.size), append(left, r.left)
			}
		}
	}
	b.ReportMetric(finished/float64(b.N*memoryRounds), "finished")
	b.ReportMetric(without/float64(b.N*memoryRounds), "finished-without")
	if len(seconds) > 0 {
		report(b, "s-until-left", seconds)
		report(b, "MiB-when-it-left", size)
		report(b, "MiB-left-at-home", left)
	}
}

// grown is what was seen of one program.
type grown struct {
	said    string // empty: it was killed
	seconds float64
	size    float64 // MiB that its node used at most
	left    float64 // MiB that its node uses after it has left
}

func (o outgrowing) grow(ctx context.Context, b *testing.B, lab *labtest.Lab, program string) grown {
	b.Helper()
	c := lab.Command(ctx, 1, filepath.Dir(program), "python3", program, strconv.Itoa(2*o.node), strconv.Itoa(o.rate))
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	said := bufio.NewScanner(out)
	said.Scan()
	pid, err := strconv.Atoi(said.Text())
	if err != nil {
		b.Fatal(err)
	}
	begun := time.Now()
	ended := make(chan string, 1)
	go func() {
		said.Scan()
		ended <- said.Text()
	}()
	var r grown
	for {
		select {
		case r.said = <-ended:
			_ = c.Wait() // it has said all
			return r
		case <-time.After(100 * time.Millisecond):
			used, err := lab.MemoryUsed(ctx, 1)
			if err != nil {
				b.Fatal(err)
			}
			at, err := lab.Where(ctx, 1, pid)
			switch mib := float64(used) / (1 << 20); {
			case err != nil || at != 2:
				r.size = max(r.size, mib)
			case r.seconds == 0:
				r.seconds = time.Since(begun).Seconds()
			default:
				r.left = mib
			}
		}
	}
}
