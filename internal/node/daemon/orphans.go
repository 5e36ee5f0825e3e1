package daemon

import (
	"context"
	"slices"
	"sync"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/peer"
)

// A guest supervisor whose connection breaks waits for another one, for a minute or so. When its
// home supervisor was killed there will be none, which the daemon there knows at once.

// session is one that was opened for a home supervisor, on a node.
type session struct {
	node int
	id   supervisor.Session
}

// mostSessions of one home supervisor are remembered: the others' guests find out by waiting.
const mostSessions = 256

func (h *home) opened(s session) {
	h.registry.mu.Lock()
	defer h.registry.mu.Unlock()
	if len(h.sessions) == mostSessions {
		h.sessions = slices.Delete(h.sessions, 0, 1)
	}
	h.sessions = append(h.sessions, s)
}

// mayUse tells whether a home supervisor may have a session with a node: one of its processes is there, or one was
// opened for it. What an earlier daemon has opened, or too many ago, is not known.
func (h *home) mayUse(node int) bool {
	h.registry.mu.Lock()
	defer h.registry.mu.Unlock()
	if h.earlier || len(h.sessions) == mostSessions || slices.ContainsFunc(h.sessions, func(s session) bool { return s.node == node }) {
		return true
	}
	for _, p := range h.procs {
		if p.Node == node {
			return true
		}
	}
	return false
}

// leaves lists what is left of a home supervisor that has ended.
func (h *home) leaves() []session {
	h.registry.mu.Lock()
	defer h.registry.mu.Unlock()
	return h.sessions
}

// orphaned tells the lenders that nobody will come for these sessions.
func (d *Daemon) orphaned(all []session) {
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	var group sync.WaitGroup
	for _, s := range all {
		node, known := d.nodes.Lookup(s.node)
		if !known || d.isDown(s.node) {
			continue
		}
		group.Go(func() {
			if _, err := d.call(ctx, node, peer.Request{Orphan: &s.id}); err != nil {
				d.log.Debug("cannot tell a lender that a home supervisor has ended", "node", s.node, "error", err)
			}
		})
	}
	group.Wait()
}

// orphaned ends the guest supervisor of a session, if it is that of a home that says so.
func (r *guests) orphaned(home int, s supervisor.Session) {
	r.mu.Lock()
	g, ok := r.bySession[s]
	r.mu.Unlock()
	if !ok || g.home != home {
		return
	}
	g.child.log.Info("its home supervisor has ended", "home", home)
	go g.child.stop()
}
