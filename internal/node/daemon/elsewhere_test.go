package daemon

import (
	"testing"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/linux/unixmsg/unixmsgtest"
	"openmosix/internal/model/supervisor"
)

// Of a node that has come those supervisors are told that may be connected to it, and of this one's own
// new address all.
func TestWhoIsToldWhereANodeIs(t *testing.T) {
	d := &Daemon{homes: newHomes(procfs.FS(t.TempDir()))}
	told := make(chan string, 16)
	enter := func(name string, about func(h *home)) {
		conn, its := unixmsgtest.Ends(t)
		h := newHome(d.homes, 1)
		h.child = &child{conn: conn}
		about(h)
		d.homes.mu.Lock()
		d.homes.all[h] = struct{}{}
		d.homes.mu.Unlock()
		close(h.ready)
		go func() {
			for {
				var m supervisor.FromDaemon
				if _, err := its.Recv(&m); err != nil {
					return
				}
				told <- name
			}
		}()
	}
	enter("nowhere", func(h *home) { h.procs[1] = supervisor.Proc{PID: 1}; h.opened(session{node: 3}) })
	enter("there", func(h *home) { h.procs[1] = supervisor.Proc{PID: 1, Node: 2} })
	enter("had one", func(h *home) { h.opened(session{node: 3}); h.opened(session{node: 2}) })
	enter("of another", func(h *home) { h.earlier = true })
	enter("had many", func(h *home) {
		for range mostSessions + 1 {
			h.opened(session{node: 3})
		}
	})
	for node, want := range map[int]int{2: 4, 0: 5} {
		d.elsewhere(node, "10.0.0.2:7779")
		seen := map[string]bool{}
		for range want {
			select {
			case name := <-told:
				seen[name] = true
			case <-time.After(10 * time.Second):
				t.Fatalf("node %d: only %v are told", node, seen)
			}
		}
		time.Sleep(20 * time.Millisecond)
		if len(seen) != want || len(told) > 0 || seen["nowhere"] != (node == 0) {
			t.Errorf("node %d: told are %v and %d more", node, seen, len(told))
		}
	}
}
