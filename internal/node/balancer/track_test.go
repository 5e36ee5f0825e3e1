package balancer

import (
	"testing"
	"testing/synctest"
	"time"

	"openmosix/internal/model/balance"
	"openmosix/internal/node/policy"
)

// A child begins with what is known of its parent, unless it is another program
// or its user says otherwise; so does a process with the program that it becomes.
func TestStatisticsAreInherited(t *testing.T) {
	for name, c := range map[string]struct {
		comm   string
		policy policy.Policy
		want   bool
	}{
		"a child":                          {"work", policy.Policy{}, true},
		"-R":                               {"work", policy.Policy{OverFork: policy.Clear}, false},
		"another program":                  {"other", policy.Policy{}, false},
		"another program with -E":          {"other", policy.Policy{OverExec: policy.Retain}, true},
		"another program with -E and -R":   {"other", policy.Policy{OverExec: policy.Retain, OverFork: policy.Clear}, false},
		"a child with what is the default": {"work", policy.Policy{OverExec: policy.Clear, OverFork: policy.Retain}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMachine(t, 2)
				b := m.balancer()
				look := func() {
					m.run(1)
					if err := b.look(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				parent := m.add(program{uid: 1000, share: 1, policy: c.policy, mosrun: true})
				look()
				look()
				time.Sleep(10 * tick)
				began := int((boot + time.Since(m.begun)) / tick)
				child := m.add(program{uid: 1000, comm: c.comm, parent: parent.pid, began: began, policy: c.policy, mosrun: true})
				look()
				if got := b.tracked(child.pid).history.Wants; (got > 0.1) != c.want || got > 0.5 {
					t.Errorf("a child that does nothing is thought to want %v CPUs", got)
				}
				// The parent becomes that program.
				m.mu.Lock()
				parent.comm, parent.share = "third", 0
				m.mu.Unlock()
				look()
				t1 := b.tracked(parent.pid)
				if kept := t1.history.Wants > 0.5; kept != (c.policy.OverExec == policy.Retain) {
					t.Errorf("after its exec it is thought to want %v CPUs", t1.history.Wants)
				}
			})
		})
	}
}

// A process is as old wherever it moves: what it has used on other nodes counts,
// at home again, too, and for the node where it is a guest.
func TestLifeGoesWithTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t, 2)
		b := m.balancer()
		own := m.add(program{uid: 1000, share: 0.5})
		guest := m.add(program{uid: 1_868_000_001, home: 2, share: 0.5, elsewhere: time.Minute})
		lived := func(what string, p *program, want time.Duration) {
			t.Helper()
			if err := b.look(t.Context()); err != nil {
				t.Fatal(err)
			}
			tracked := b.tracked(p.pid)
			if got := tracked.proc(b, time.Now()).CPUTime; got < want-500*time.Millisecond || got > want+500*time.Millisecond {
				t.Errorf("%s: it has lived for %v, want %v", what, got, want)
			}
		}
		m.run(20)
		lived("at home", own, 10*time.Second)
		lived("as a guest", guest, 70*time.Second)
		goes := func(node int) {
			m.mu.Lock()
			own.node = node
			own.moves++
			m.mu.Unlock()
		}
		goes(2)
		m.run(1)
		lived("just away", own, 10500*time.Millisecond)
		m.run(19)
		lived("away", own, 20*time.Second)
		goes(1)
		m.run(20)
		lived("at home again", own, 30*time.Second)
		m.mu.Lock()
		own.comm = "other"
		m.mu.Unlock()
		m.run(1)
		lived("as another program", own, 500*time.Millisecond)
		goes(2)
		m.run(20)
		lived("as another program, away", own, 10500*time.Millisecond)
	})
}

func (b *Balancer) tracked(pid int) *tracked {
	for id, t := range b.procs {
		if id.pid == pid {
			return t
		}
	}
	return &tracked{}
}

// A process that is on its way counts where it goes, not here as well: also when this
// node is looked at meanwhile, or a second one would follow it for no reason.
func TestWhatIsOnItsWayCountsOnce(t *testing.T) {
	for name, guest := range map[string]bool{"own": false, "guest": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMachine(t, 2)
				b := m.balancer()
				p := program{uid: 1000, share: 1}
				if guest {
					p.uid, p.home = 1_868_000_001, 2
				}
				moved := m.add(p)
				m.add(program{uid: 1000, share: 1})
				demand := func() float64 {
					m.run(1)
					if err := b.look(t.Context()); err != nil {
						t.Fatal(err)
					}
					b.mu.Lock()
					defer b.mu.Unlock()
					return b.nodes(b.now())[0].Demand
				}
				for range 10 {
					demand()
				}
				if d := demand(); d < 1.7 {
					t.Fatalf("two that compute want %v CPUs", d)
				}
				tracked := b.tracked(moved.pid)
				proc := tracked.proc(b, time.Now())
				b.mu.Lock()
				f, ok := b.take(balance.Move{PID: proc.PID, Home: proc.Home, From: 1, To: 2, Wants: 1}, tracked, b.now())
				b.mu.Unlock()
				if !ok {
					t.Fatal("not taken")
				}
				for range 2 {
					if d := demand(); d > 1.2 {
						t.Errorf("with one of two on its way %v CPUs are wanted here", d)
					}
				}
				b.mu.Lock()
				delete(b.flying, target{f.move.Home, f.move.PID, 0}) // and it was refused
				b.mu.Unlock()
				if d := demand(); d < 1.7 {
					t.Errorf("with both here again %v CPUs are wanted", d)
				}
			})
		})
	}
}
