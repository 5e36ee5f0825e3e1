package deputy

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"
)

// A process may end before the move talks to anybody, or before it listens to where
// the process is, or when that side's words wait already: what is said there then reaches no
// table, so the move must hear of the end itself.
func TestMoveOfEndedProcess(t *testing.T) {
	for name, hear := range map[string]func(p *proc, l *link){
		"ended before it was dealt with": func(p *proc, l *link) {
			p.hasEnded()
			p.deal(l)
		},
		"ended before it was listened to": func(p *proc, l *link) {
			p.link = l
			p.hasEnded()
		},
		"ended with an inbox that is full": func(p *proc, l *link) {
			p.link = l
			in := p.inboxFor(l)
			for range inboxSize {
				in.put(frame{kind: wire.Pages})
			}
			p.hasEnded()
			for range inboxSize {
				if f, err := p.nextFrame(l); err != nil || f.kind != wire.Pages {
					t.Errorf("it takes out %v %v", f.kind, err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := &proc{Process: &tracee.Process{Own: 7}}
			if !p.begin() {
				t.Fatal("a process that is at home cannot be moved")
			}
			l := &link{}
			hear(p, l)
			start := time.Now()
			_, err := p.expect(l, wire.Prepared)
			var m *moveError
			if !errors.As(err, &m) || m.code != supervisor.NoSuchProcess {
				t.Errorf("the move hears %v", err)
			}
			if waited := time.Since(start); waited > time.Second {
				t.Errorf("after %v", waited)
			}
		})
	}
}

// What comes by further connections shows that the guest's side is at work, when nothing comes by the link for
// longer than a step may take: a round of copying ahead goes by them alone.
func TestPagesBesideTheLinkAreAnAnswer(t *testing.T) {
	for name, comes := range map[string]uint64{"pages come": 4096, "nothing comes": 0} {
		synctest.Test(t, func(t *testing.T) {
			p := &proc{Process: &tracee.Process{Own: 7}}
			l := &link{}
			p.begin()
			p.deal(l)
			go func() {
				for range 10 {
					time.Sleep(stepLimit / 2)
					p.carried.Add(comes)
				}
				p.inboxFor(l).put(frame{kind: wire.Frozen, id: 7})
			}()
			f, err := p.nextFrame(l)
			if came := err == nil && f.kind == wire.Frozen; came != (comes > 0) {
				t.Errorf("%s: %v %v", name, f.kind, err)
			}
			synctest.Wait()
			time.Sleep(10 * stepLimit)
		})
	}
}

// A process stands still until it is known why it cannot go: a node that says anything else instead does not keep it so.
func TestTheVerdictIsNotWaitedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &proc{Process: &tracee.Process{Own: 7}}
		l := &link{}
		p.begin()
		p.deal(l)
		in := p.inboxFor(l)
		go func() {
			for range 1000 {
				select {
				case <-in.over:
					return
				case <-time.After(verdictWait / 2):
					in.put(frame{kind: wire.Zero})
				}
			}
		}()
		begun, lost := time.Now(), fail(supervisor.Unreachable, "it is lost")
		if err := p.verdict(l, lost); err != lost {
			t.Error(err)
		}
		if took := time.Since(begun); took > 20*verdictWait {
			t.Errorf("it takes %v", took)
		}
		in.close()
	})
}
