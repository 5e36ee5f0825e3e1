package balancer

import (
	"container/list"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

const (
	// mostPrograms bounds how many are remembered: those not seen for longest go.
	mostPrograms = 4096
	// newest is the weight of the last run in the means.
	newest = 0.3
	// manyRuns is how many runs of a program have to be known for what one that runs
	// is thought to have left to be judged by them.
	manyRuns = 4
	// forgets is what is still believed of a program's calls after a run: one that is
	// not sent away because of them gets another chance some day.
	forgets = 0.99
	// saveEvery is how often they are kept in the file, if anything changed.
	saveEvery = time.Minute
	// longestPath of a program that is remembered.
	longestPath = 4096
)

// Program is what is known of the runs of one executable, or of one kind of them.
type Program struct {
	Path  string    `json:"path"`  // and the options that make the kind, if any
	CPU   float64   `json:"cpu_s"` // CPU time of a run, smoothed, in seconds
	Wants float64   `json:"wants"` // CPUs it would have used alone, smoothed
	Calls float64   `json:"calls"` // forwarded in a run away, smoothed; 0: not known yet
	Runs  int       `json:"runs"`
	Seen  time.Time `json:"seen"`
}

func (p Program) sensible() bool {
	return p.Path != "" && len(p.Path) <= longestPath && p.CPU >= 0 && p.CPU < 1e9 && p.Wants >= 0 && p.Wants < 1e5 && p.Calls >= 0 && p.Calls < 1e12 && p.Runs > 0
}

// programs is not safe for concurrent use: Balancer.mu guards it.
type programs struct {
	path    string
	log     *slog.Logger
	byPath  map[string]*list.Element
	order   *list.List // of *Program, the last seen first
	changed bool
	saved   time.Time
}

// openPrograms reads what an earlier daemon has kept; what cannot be read is
// learned anew.
func openPrograms(path string, log *slog.Logger) *programs {
	p := &programs{path: path, log: log, byPath: map[string]*list.Element{}, order: list.New(), saved: time.Now()}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || path == "" {
		return p
	}
	var all []Program
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		log.Warn("what programs have used before is not known", "error", err)
		return p
	}
	for i := range all {
		if _, double := p.byPath[all[i].Path]; !double && all[i].sensible() && p.order.Len() < mostPrograms {
			p.byPath[all[i].Path] = p.order.PushBack(&all[i])
		}
	}
	return p
}

// of gives what is known of a program.
func (p *programs) of(path string) (Program, bool) {
	e, ok := p.byPath[path]
	if !ok {
		return Program{}, false
	}
	return *e.Value.(*Program), true
}

// left is how much CPU time a run that has used so much is thought to use yet:
// what others used more, at least half as much; and one that has outlived the others
// is as any process of which nothing is known but its age.
func (p Program) left(used time.Duration) time.Duration {
	mean := time.Duration(p.CPU * float64(time.Second))
	return max(mean-used, used-mean, mean/2)
}

// ran takes in a run. unseen is what is expected of a program that was never seen,
// which counts as one run: the first run of a compiler asks for its version, and
// says little of the second. wants 0: nothing is known of that.
func (p *programs) ran(path string, cpu time.Duration, unseen Program, wants float64, now time.Time) {
	e, ok := p.byPath[path]
	if !ok {
		fresh := Program{Path: path, CPU: (max(cpu.Seconds(), 0) + unseen.CPU) / 2, Wants: wants, Calls: unseen.Calls, Runs: 1, Seen: now}
		if !fresh.sensible() {
			return
		}
		if p.order.Len() >= mostPrograms {
			last := p.order.Back()
			delete(p.byPath, last.Value.(*Program).Path)
			p.order.Remove(last)
		}
		p.byPath[path] = p.order.PushFront(&fresh)
		p.changed = true
		return
	}
	known := e.Value.(*Program)
	known.CPU += max(newest, 1/float64(known.Runs+2)) * (max(cpu.Seconds(), 0) - known.CPU)
	if wants > 0 {
		if known.Wants == 0 {
			known.Wants = wants
		}
		known.Wants += newest * (wants - known.Wants)
	}
	known.Calls *= forgets // called says more, if it was away
	known.Runs++
	known.Seen = now
	p.order.MoveToFront(e)
	p.changed = true
}

// called takes in how many calls a run away has sent home.
func (p *programs) called(path string, calls float64) {
	e, ok := p.byPath[path]
	if !ok {
		return
	}
	known := e.Value.(*Program)
	if known.Calls == 0 {
		known.Calls = calls
	}
	known.Calls += newest * (calls - known.Calls)
	p.changed = true
}

// text is the file, and nil if nothing has changed.
func (p *programs) text() []byte {
	if !p.changed || p.path == "" {
		return nil
	}
	all := make([]*Program, 0, p.order.Len())
	for e := p.order.Front(); e != nil; e = e.Next() {
		all = append(all, e.Value.(*Program))
	}
	text, err := json.Marshal(all)
	if err != nil {
		p.log.Error("what programs use is not kept", "error", err)
		return nil
	}
	p.changed = false
	return append(text, '\n')
}

// savePrograms keeps them in the file: once in a while, and at the end.
func (b *Balancer) savePrograms() {
	b.mu.Lock()
	var text []byte
	if time.Since(b.programs.saved) >= saveEvery {
		b.programs.saved = time.Now()
		text = b.programs.text()
	}
	b.mu.Unlock()
	b.writePrograms(text)
}

// saveAtEnd keeps them however short ago they were.
func (b *Balancer) saveAtEnd() {
	b.mu.Lock()
	text := b.programs.text()
	b.mu.Unlock()
	b.writePrograms(text)
}

func (b *Balancer) writePrograms(text []byte) {
	if text == nil {
		return
	}
	if err := replace(b.o.Programs, text); err != nil {
		b.o.Log.Warn("what programs use is not kept", "error", err)
	}
}

func replace(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	fresh := path + ".new"
	if err := os.WriteFile(fresh, text, 0o600); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return os.Rename(fresh, path)
}
