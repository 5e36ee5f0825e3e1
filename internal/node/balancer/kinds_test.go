package balancer

import (
	"testing"
	"time"

	"openmosix/internal/model/balance"
	runs "openmosix/internal/model/program"
)

// Many short runs of one kind say little of the first one of another.
func TestAnotherKindIsAnotherProgram(t *testing.T) {
	placing(t, 2, func(t *testing.T, m *machine, b *Balancer) {
		b.self = selfFigures{b.o.Own(), 1, b.now()}
		place := func(pid int, args ...string) int {
			m.add(program{pid: pid, uid: 1000})
			to, _ := b.Place(pid, "/cc1", runs.Kind("/cc1", args))
			return to
		}
		for i := range 20 {
			place(100+i, "cc1", "-M")
			b.finished(100+i, "/cc1", 10*time.Millisecond, nil)
		}
		if to := place(200, "cc1", "-M", "x.c"); to != 1 {
			t.Errorf("what is always short began on node %d", to)
		}
		b.finished(200, "/cc1", 10*time.Millisecond, nil)
		if to := place(201, "cc1", "-O2", "x.c"); to != 2 {
			t.Errorf("one of another kind began on node %d", to)
		}
		b.finished(201, "/cc1", 4*time.Second, nil)
		p := balance.Proc{PID: 202}
		b.foresee(&p, "/cc1", "/cc1 -O")
		if p.Expected < 2*time.Second {
			t.Errorf("another run is thought to take %v", p.Expected)
		}
	})
}

// What a run has left is judged by the others, as long as it is one of them.
func TestLeft(t *testing.T) {
	p := Program{CPU: 1}
	for used, want := range map[time.Duration]time.Duration{
		0: time.Second, 400 * time.Millisecond: 600 * time.Millisecond, 800 * time.Millisecond: 500 * time.Millisecond,
		1200 * time.Millisecond: 500 * time.Millisecond, 10 * time.Second: 9 * time.Second,
	} {
		if got := p.left(used); got != want {
			t.Errorf("%v used: %v left, want %v", used, got, want)
		}
	}
}
