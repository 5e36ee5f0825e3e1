package soak

import (
	"context"
	"flag"
	"math/rand/v2"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"
)

var (
	duration = flag.Duration("duration", 25*time.Second, "for how long programs are started and nodes come and go; a soak takes 30m")
	seed     = flag.Uint64("seed", 1, "of everything that is drawn")
	width    = flag.Int("programs", 5, "how many programs run at the same time")
	nodes    = flag.Int("nodes", 4, "of the lab")
	length   = flag.Int("length", 1, "of the programs, in seconds on an idle machine, about")
	every    = flag.Duration("every", 1500*time.Millisecond, "mean time between two things that are done to nodes")
)

const (
	// lifeLimit is how long a program of some seconds may take on a busy machine.
	lifeLimit = 5 * time.Minute
	// tick is between two things the driver does.
	tick = 250 * time.Millisecond
	// patience with what takes a second on an idle machine.
	patience = 2 * time.Minute
)

// soak is one run.
type soak struct {
	t        *testing.T
	lab      *labtest.Lab
	dir      string
	shared   string
	random   *rand.Rand
	kinds    []kind
	want     map[string]expected
	programs context.Context // theirs
	tally    *tally

	running []*program
	begun   int
	nodes   []*node // by number - 1
	deck    []deed  // what is to be done to nodes next
	due     []due   // what is to be taken back, and when
}

func TestSoak(t *testing.T) {
	s := newSoak(t)
	end := time.Now().Add(*duration)
	minute := time.Now().Add(time.Minute)
	event := time.Now().Add(2 * time.Second)
	for time.Now().Before(end) && s.tally.sum()[wrong] < 5 {
		s.reap()
		for len(s.running) < *width {
			s.startOne()
		}
		s.takeBack(false)
		s.moveOne()
		if time.Now().After(event) {
			s.doOne()
			event = time.Now().Add(*every/2 + time.Duration(s.random.Int64N(int64(*every))))
		}
		if time.Now().After(minute) {
			t.Log(s.line())
			minute = minute.Add(time.Minute)
		}
		time.Sleep(tick)
	}
	s.takeBack(true)
	s.finish()
	t.Log(s.line() + s.tally.kinds())
	s.nothingLeft()
	s.logsAreClean()
	if sum := s.tally.sum(); sum[right] == 0 || s.moves() == 0 {
		t.Error("nothing has run to its end, or nothing has moved: this shows nothing")
	}
}

func newSoak(t *testing.T) *soak {
	for _, program := range []string{"bash", "gcc", "nft"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not here: scripts/setup installs it", program)
		}
	}
	var cpus []int
	for i := range *nodes {
		cpus = append(cpus, i%runtime.NumCPU())
	}
	lab := labtest.UpFindingBalanced(t, cpus...)
	s := &soak{t: t, lab: lab, dir: labtest.Scratch(t), random: rand.New(rand.NewPCG(*seed, 0)), tally: newTally()}
	lab.Limit(patience)
	s.shared = shared(t, s.dir)
	s.kinds, s.want = atHome(t, s.dir, s.shared)
	var stop context.CancelFunc
	s.programs, stop = context.WithCancel(context.Background())
	t.Cleanup(func() {
		stop()
		for _, p := range s.running {
			<-p.ended
		}
	})
	for n := 1; n <= *nodes; n++ {
		s.nodes = append(s.nodes, &node{number: n, up: true})
		s.nodes[n-1].mounts = s.shell(n, countMounts)
	}
	t.Cleanup(func() {
		for _, n := range s.nodes {
			n.drop()
		}
	})
	t.Logf("seed %d", *seed)
	return s
}

func (s *soak) line() string { return s.tally.line(len(s.running), s.moves()) }

// moves is how many moves the logs of all nodes tell of.
func (s *soak) moves() int {
	n := 0
	for _, node := range s.nodes {
		if text, err := s.lab.Log(node.number); err == nil {
			n += strings.Count(text, "event=moved")
		}
	}
	return n
}

// shell gives one line to a node.
func (s *soak) shell(node int, line string) string {
	s.t.Helper()
	text, err := s.lab.Shell(context.Background(), node, line)
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}
