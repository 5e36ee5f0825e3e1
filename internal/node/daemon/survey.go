package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"openmosix/internal/model/load"
	"openmosix/internal/model/roster"
	"openmosix/internal/node/config"
	"openmosix/internal/node/control"
	"openmosix/internal/node/information"
	"openmosix/internal/node/peer"
)

const (
	// infoTimeout is how long a node may take to tell of itself.
	infoTimeout = 2 * time.Second
	// askedAtOnce bounds how many nodes are asked at the same time.
	askedAtOnce = 64
)

// nodesNow gives all nodes, ascending, with the latest that is known of each
// and its age. Only those of which nothing fresh is known are asked, or all if
// that is wanted; this one's figures are of now.
func (d *Daemon) nodesNow(ctx context.Context, askAll bool) []control.Node {
	known := make(map[int]information.Known)
	if !askAll {
		for _, k := range d.information.Others() {
			known[k.Report.Node] = k
		}
	}
	peers := d.nodes.List()
	if _, listed := d.nodes.Lookup(d.config.Number); !listed {
		peers = append(peers, config.Peer{Number: d.config.Number, Name: d.config.Name, Address: d.address})
	}
	out := make([]control.Node, len(peers))
	places := make(chan struct{}, askedAtOnce)
	var group sync.WaitGroup
	for i, p := range peers {
		if k, ok := known[p.Number]; ok && d.suffices(p) {
			out[i] = d.described(p, k.Report)
			out[i].AgeMillis = k.Age.Milliseconds()
			continue
		}
		places <- struct{}{}
		group.Go(func() {
			out[i] = d.ask(ctx, p)
			<-places
		})
	}
	group.Wait()
	slices.SortFunc(out, func(a, b control.Node) int { return cmp.Compare(a.Number, b.Number) })
	return out
}

// suffices tells whether a node of which a report is known need not be asked: the
// report is that of its number, it is known what the node is called, and this
// node reaches it (another may have told of it that does).
func (d *Daemon) suffices(p config.Peer) bool {
	return p.Number != d.config.Number && !d.isDown(p.Number) && len(d.twinsOf(p.Number)) == 0 && d.names.of(p) != ""
}

// ask asks one node of itself.
func (d *Daemon) ask(ctx context.Context, p config.Peer) control.Node {
	if p.Number == d.config.Number {
		n := d.described(p, d.information.Own())
		n.Refuses = d.owner.refuses()
		n.Self = true
		return n
	}
	down := func(why string) control.Node {
		return control.Node{Number: p.Number, Name: d.names.of(p), Address: p.Address, Text: why}
	}
	if d.isDown(p.Number) {
		if n, _ := d.table.Node(p.Number); n.State == roster.Up {
			return down("this node has no network in common with it, and no relay leads there")
		}
		return down("it does not answer the other nodes")
	}
	begun := time.Now()
	ctx, cancel := context.WithTimeout(ctx, infoTimeout)
	defer cancel()
	reply, err := d.call(ctx, p, peer.Request{Info: true})
	if err == nil && reply.Info == nil {
		err = errors.New("its answer is not understood")
	}
	if err == nil {
		err = reply.Info.Report.Check()
	}
	if err != nil {
		d.information.Forget(p.Number)
		return down(fmt.Sprint(err))
	}
	d.information.Learn(reply.Info.Report)
	d.names.learn(p.Number, reply.Info.Name)
	n := d.described(p, reply.Info.Report)
	n.Refuses = reply.Info.Refuses
	n.AskMicros = time.Since(begun).Microseconds()
	return n
}

// described is a node that is up, by its report.
func (d *Daemon) described(p config.Peer, r load.Report) control.Node {
	refuses := ""
	if r.Closed {
		refuses = "its owner needs it, or it is outside its hours"
	}
	via, _ := d.table.Via(p.Address)
	return control.Node{
		Number: p.Number, Name: d.names.of(p), Address: p.Address, Up: true, Twins: d.twinsOf(p.Number), Via: via,
		Guests: r.Guests, Away: r.Away, CPUs: r.CPUs, MemTotal: r.MemTotal, MemFree: r.MemFree, MemAvailable: r.MemAvailable,
		Load: load.In(r.Load(), d.settings.Now().Yard), Utilisation: int(math.Round(100 * r.Utilisation)), Speed: r.Speed,
		Accepting: r.Accepting, Quiet: r.Quiet, Stay: r.Stay, LStay: r.LStay, NoMFS: r.NoMFS, Refuses: refuses,
	}
}

// names are what nodes have called themselves when they were asked: a peer may
// be configured without a name, and reports have none.
type names struct {
	mu     sync.Mutex
	byNode map[int]string
}

// of is the name the table has, else the one that was learnt; "" if there is none.
func (n *names) of(p config.Peer) string {
	if p.Name != "" {
		return p.Name
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.byNode[p.Number]
}

// learn is bounded by the numbers there can be: only nodes of the table are asked.
func (n *names) learn(number int, name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.byNode == nil {
		n.byNode = make(map[int]string)
	}
	n.byNode[number] = name
}
