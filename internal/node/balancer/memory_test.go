package balancer

import "testing"

// A process that outgrows its node goes to where there is memory, though nobody
// waits for a CPU.
func TestMemory(t *testing.T) {
	balanced(t, 2, func(t *testing.T, m *machine, b *Balancer) {
		m.own.CPUs, m.own.MemFree = 4, 600<<20
		p := m.add(program{uid: 1000, share: 0.5, rss: 500 << 20, growth: 50 << 20})
		for range 20 {
			m.run(1)
			m.mu.Lock()
			m.own.MemFree -= min(m.own.MemFree, 50<<20)
			m.mu.Unlock()
		}
		moves := m.moves()
		if len(moves) != 1 || moves[0].PID != p.pid || moves[0].To != 2 {
			t.Errorf("%+v", moves)
		}
	})
}

// One that only grows is seen doing so on a node that is at rest, before the
// memory is gone.
func TestMemoryOfAnIdleNode(t *testing.T) {
	balanced(t, 2, func(t *testing.T, m *machine, b *Balancer) {
		m.mu.Lock()
		m.own.MemTotal, m.own.MemFree, m.own.MemAvailable = 1<<30, 960<<20, 960<<20
		m.mu.Unlock()
		m.run(7)
		p := m.add(program{uid: 1000, share: 0.1, growth: 90 << 20})
		for range 8 {
			m.run(1)
			m.mu.Lock()
			m.own.MemFree -= min(m.own.MemFree, 90<<20)
			m.own.MemAvailable = m.own.MemFree
			left := m.own.MemFree
			m.mu.Unlock()
			if moves := m.moves(); len(moves) == 1 && moves[0].PID == p.pid && left >= 256<<20 {
				return
			}
		}
		t.Errorf("not moved in time: %+v", m.moves())
	})
}
