package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"openmosix/lab/cluster"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
)

// demoLab is a name of its own: a lab that is up is left alone.
const demoLab = "demo"

// demoTime bounds the whole demo, which takes half a minute on an idle machine and
// many times that on one that has twenty other things to do.
const demoTime = 4 * time.Minute

func newDemoCommand() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "demo",
		Short: "Show running programs spreading over the nodes of a lab, and that their results are right",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), unix.SIGINT, unix.SIGTERM)
			defer stop()
			ctx, cancel := context.WithTimeout(ctx, demoTime)
			defer cancel()
			return runDemo(ctx, c.OutOrStdout(), dir)
		},
	}
	c.Flags().StringVar(&dir, "dir", labDir(), "directory of the labs of this machine ($"+labDirVariable+")")
	return c
}

// demo is one showing.
type demo struct {
	lab    *cluster.Lab
	out    io.Writer
	jobs   []*demoJob
	moves  int // that were seen
	byHand int // of them
	start  time.Time
}

// demoNodes is how many nodes the lab has.
const demoNodes = 3

// demoJob is a job under way. Result, err and took belong to the goroutine that
// runs it until done is closed.
type demoJob struct {
	job
	pid    int
	at     int // the node it was last seen on
	done   chan struct{}
	result string
	err    error
	took   time.Duration
}

func runDemo(ctx context.Context, out io.Writer, dir string) (err error) {
	// The lab of a demo that was killed may still be there.
	if err := cluster.Down(dir, demoLab); err != nil {
		return err
	}
	cpus, err := demoCPUs(demoNodes)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "A lab of three nodes, node 1 on CPU %d, node 2 on CPU %d, node 3 on CPU %d:\n\n", cpus[0], cpus[1], cpus[2])
	l, err := cluster.Up(ctx, cluster.Options{
		Base: dir, Name: demoLab, Nodes: len(cpus), CPUs: cpus, Daemon: true, Balance: true, Links: applets, Bound: true,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Down()) }()
	if err := printLab(out, l.Health()); err != nil {
		return err
	}
	d := &demo{lab: l, out: out}
	if err := d.show(ctx); err != nil {
		return err
	}
	return d.verdict(ctx)
}

// demoCPUs gives each node one of the CPUs this process may use, in turn.
func demoCPUs(nodes int) ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("read CPU affinity: %w", err)
	}
	var usable, cpus []int
	for cpu := range len(set) * strconv.IntSize {
		if set.IsSet(cpu) {
			usable = append(usable, cpu)
		}
	}
	for n := range nodes {
		cpus = append(cpus, usable[n%len(usable)])
	}
	return cpus, nil
}

// show starts the jobs on node 1, watches them spread, and moves one by hand.
func (d *demo) show(ctx context.Context) error {
	for _, j := range demoJobs {
		if j.prepare != "" {
			if _, err := d.shell(ctx, j.prepare); err != nil {
				return fmt.Errorf("prepare %s: %w", j.name, err)
			}
		}
	}
	fmt.Fprintf(d.out, "\nFive ordinary programs, started on node 1. Nobody says where they are to run:\n\n")
	d.start = time.Now()
	for _, j := range demoJobs {
		running, err := d.launch(ctx, j)
		if err != nil {
			return err
		}
		d.jobs = append(d.jobs, running)
	}
	if err := d.spread(ctx); err != nil {
		return err
	}
	if err := d.table(ctx); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\nAnd by hand, straight from node to node, and home:\n\n")
	for _, j := range d.jobs {
		for _, node := range []int{2, 3, 0} {
			if err := d.move(ctx, j, node); err != nil {
				return err
			}
		}
		if d.byHand > 0 {
			break
		}
	}
	return nil
}

// spreadTime is how long the jobs are watched while they spread.
const spreadTime = 30 * time.Second

// spread draws how many jobs each node has, whenever that changes, until they
// are level or one has finished.
func (d *demo) spread(ctx context.Context) error {
	last := ""
	for begun := time.Now(); time.Since(begun) < spreadTime; {
		at, err := d.places(ctx)
		if err != nil {
			return err
		}
		if line := levels(at, demoNodes); line != last {
			fmt.Fprintf(d.out, "  %4.1f s  %s\n", time.Since(d.start).Seconds(), line)
			last = line
		}
		if level(at, demoNodes) {
			return nil
		}
		if err := sleep(ctx, 250*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// levels draws a bar for each node.
func levels(at map[int]int, nodes int) string {
	var b strings.Builder
	for n := 1; n <= nodes; n++ {
		fmt.Fprintf(&b, "node %d %-6s  ", n, strings.Repeat("#", at[n]))
	}
	return strings.TrimRight(b.String(), " ")
}

// level tells whether no node has more jobs than another, but for one.
func level(at map[int]int, nodes int) bool {
	least, most := at[1], at[1]
	for n := 1; n <= nodes; n++ {
		least, most = min(least, at[n]), max(most, at[n])
	}
	return most-least <= 1
}

// places counts the jobs on each node, and the moves that were seen by it.
func (d *demo) places(ctx context.Context) (map[int]int, error) {
	rows, err := d.look(ctx)
	if err != nil {
		return nil, err
	}
	at := make(map[int]int)
	for _, j := range d.jobs {
		for _, r := range rows {
			if r.PID != j.pid {
				continue
			}
			node := max(r.Node, 1) // 0 is here, and here is node 1
			if j.at != 0 && j.at != node {
				d.moves++
			}
			j.at = node
			at[node]++
		}
	}
	return at, nil
}

func sleep(ctx context.Context, t time.Duration) error {
	select {
	case <-time.After(t):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// launch starts a job and comes back when it has its pid.
func (d *demo) launch(ctx context.Context, j job) (*demoJob, error) {
	running := &demoJob{job: j, done: make(chan struct{})}
	started := make(chan int, 1)
	go func() {
		defer close(running.done)
		running.result, running.err = d.run(ctx, j.argv, func(pid int) { started <- pid })
		running.took = time.Since(d.start)
	}()
	select {
	case running.pid = <-started:
		return running, nil
	case <-running.done:
		return nil, fmt.Errorf("start %s: %w", j.name, running.err)
	}
}

// move moves a job that still runs.
func (d *demo) move(ctx context.Context, j *demoJob, node int) error {
	where := strconv.Itoa(node)
	if node == 0 {
		where = "home"
	}
	before := time.Now()
	said, err := d.run(ctx, []string{"migrate", strconv.Itoa(j.pid), where}, nil)
	select {
	case <-j.done:
		fmt.Fprintf(d.out, "  %-8s had finished before\n", j.name)
		return nil
	default:
	}
	if err != nil {
		// It may be on its way there, or have gone there, by itself.
		fmt.Fprintf(d.out, "  %s", said)
		return nil
	}
	d.moves++
	d.byHand++
	fmt.Fprintf(d.out, "  migrate %d %-5s %-8s %4d ms\n", j.pid, where, j.name, time.Since(before).Milliseconds())
	return nil
}

// demoRow is what mps tells of a process.
type demoRow struct {
	PID    int   `json:"pid"`
	Node   int   `json:"node"`
	TimeMS int64 `json:"time_ms"`
}

// look asks mps on node 1.
func (d *demo) look(ctx context.Context) ([]demoRow, error) {
	text, err := d.run(ctx, []string{"mps", "-e", "--json"}, nil)
	if err != nil {
		return nil, fmt.Errorf("mps: %w: %s", err, text)
	}
	var rows []demoRow
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return nil, fmt.Errorf("read mps: %w", err)
	}
	return rows, nil
}

// table prints what mps says of the jobs.
func (d *demo) table(ctx context.Context) error {
	rows, err := d.look(ctx)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\n  PID\tNODE\tCPU TIME\tPROGRAM\t")
	for _, j := range d.jobs {
		for _, r := range rows {
			if r.PID == j.pid {
				fmt.Fprintf(t, "  %d\t%d\t%.1f s\t%s\t%s\n", r.PID, max(r.Node, 1), float64(r.TimeMS)/1000, j.name, j.about)
			}
		}
	}
	return t.Flush()
}

// verdict waits for the jobs and compares their results.
func (d *demo) verdict(ctx context.Context) error {
	fmt.Fprintf(d.out, "\nTheir results:\n\n")
	wrong := 0
	for _, j := range d.jobs {
		<-j.done
		result, err := j.result, j.err
		if err == nil && j.check != "" {
			result, err = d.shell(ctx, j.check)
		}
		word := "right"
		if result = strings.TrimSpace(result); err != nil || result != j.want {
			word = "WRONG"
			wrong++
		}
		fmt.Fprintf(d.out, "  %s  %5.1f s  %-8s %s\n         %s\n", word, j.took.Seconds(), j.name, j.about, result)
		if err != nil {
			fmt.Fprintf(d.out, "         %v\n", err)
		}
	}
	switch {
	case wrong > 0:
		return fmt.Errorf("%d of %d results are wrong", wrong, len(d.jobs))
	case d.moves == 0:
		return errors.New("nothing has moved: every program had finished before")
	}
	fmt.Fprintf(d.out, "\nAll %d results are right, after %d moves of running programs, %d of them by hand.\n", len(d.jobs), d.moves, d.byHand)
	return nil
}

func (d *demo) shell(ctx context.Context, script string) (string, error) {
	return d.run(ctx, []string{"sh", "-c", script}, nil)
}

// run runs a command on node 1 and returns what it printed.
func (d *demo) run(ctx context.Context, argv []string, started func(int)) (string, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer r.Close()
	printed := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(r)
		printed <- string(text)
	}()
	result, err := d.lab.Exec(ctx, 1, cluster.Command{
		Argv: argv, Env: []string{"LANG=C.UTF-8", "HOME=/tmp"}, Dir: "/", Stdout: w, Stderr: w, Started: started,
	})
	w.Close()
	text := <-printed
	if err == nil && result.Code != 0 {
		err = fmt.Errorf("it ended with status %d", result.Code)
	}
	return text, err
}
