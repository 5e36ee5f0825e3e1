package guest

import "openmosix/internal/model/wire"

// A child exists at home before it does here, and may be sent signals, be
// stopped or killed there meanwhile. Home says nothing of it before it has told
// its id; what it says between that and the child's first step is kept here.

// expectChild begins to keep what is said to a child. Link reader.
func (g *Guest) expectChild(own int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.coming[own] = []frame{}
}

// keepForChild keeps a word if it is to a child that does not run yet. Link reader.
func (g *Guest) keepForChild(f frame) bool {
	to := f.id
	if f.kind == wire.Signal && len(f.data) == signalHead+sigInfoSize {
		to = int(le.Uint32(f.data[1:]))
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	kept, ok := g.coming[to]
	if !ok {
		return false
	}
	f.data = append([]byte(nil), f.data...)
	g.coming[to] = append(kept, f)
	return true
}

// childRuns acts on what was kept, in its order, until the reader may again. Only then the child may
// run: what its calls cause is raised before they are answered. Tracing thread.
func (g *Guest) childRuns(own int) {
	for {
		g.mu.Lock()
		kept := g.coming[own]
		if len(kept) == 0 {
			delete(g.coming, own)
			g.mu.Unlock()
			return
		}
		g.coming[own] = []frame{}
		g.mu.Unlock()
		for _, f := range kept {
			g.heard(f)
		}
	}
}

// forgetChild: the child could not be made.
func (g *Guest) forgetChild(own int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.coming, own)
}
