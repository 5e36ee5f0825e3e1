package member

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"time"

	"github.com/hashicorp/memberlist"
)

// memberlist's word that a node has left looks to its listeners like the word
// that it is dead, and goes by packets. So a node says goodbye in words of its
// own, over streams to some nodes, which spread it on as gossip:
//
//	'g' │ run 8 │ id
//
// It is believed of the run it names: one that comes late does no harm to a
// node that is there again, and one that comes before its node was heard of is
// kept. Whoever misses all packets hears of it when nodes
// next compare all they know, over a stream.

const (
	goodbyeWord = 'g'
	// heralds is how many nodes are told over a stream. When most nodes of a
	// cluster are switched off at once, some of them must be of those that stay.
	heralds = 24
	// witnesses is how many of them are shown that memberlist has left, which
	// takes comparing all that is known.
	witnesses = 3
	// leaveTime is how long a goodbye may take, and memberlist's word after it.
	leaveTime = 2 * time.Second
	// insistence is how much more often a goodbye is spread on than
	// memberlist's own words, which are said anew when they were lost.
	insistence = 3
	// latelyTime is how long goodbyes are told to nodes that compare, maxLately
	// how many.
	latelyTime = time.Minute
	maxLately  = 32
	// maxID is more than the id of a member ever has.
	maxID = 64
)

// goodbye is the word of a node that leaves. It is a memberlist.Broadcast.
type goodbye struct {
	id  string
	run run
}

func (g goodbye) Message() []byte {
	b := binary.BigEndian.AppendUint64([]byte{goodbyeWord}, uint64(g.run))
	return append(b, g.id...)
}

func (g goodbye) Invalidates(b memberlist.Broadcast) bool {
	other, ok := b.(goodbye)
	return ok && other.id == g.id
}

func (goodbye) Finished() {}

func decodeGoodbye(b []byte) (goodbye, bool) {
	const header = 1 + runSize
	if len(b) <= header || len(b) > header+maxID || b[0] != goodbyeWord {
		return goodbye{}, false
	}
	return goodbye{id: string(b[header:]), run: run(binary.BigEndian.Uint64(b[1:]))}, true
}

// Leave says goodbye. It takes three times leaveTime at most.
func (g *Group) Leave() error {
	word := goodbye{id: g.o.Self.id(), run: g.run}
	g.words.QueueBroadcast(word)
	ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	some := g.some()
	told := make(chan string, len(some))
	for _, n := range some {
		go func() {
			err := g.list.SendReliable(n, word.Message())
			if err != nil {
				g.o.Log.Debug("goodbye not heard", "by", n.Name, "error", err)
				told <- ""
				return
			}
			told <- n.Address()
		}()
	}
	var heard []string
	for range some {
		select {
		case a := <-told:
			if a != "" {
				heard = append(heard, a)
			}
		case <-ctx.Done():
		}
	}
	err := g.list.Leave(leaveTime)
	// memberlist's own word by a stream, too, so that they stop asking.
	compared := make(chan error, 1)
	go func() { compared <- g.Join(heard[:min(len(heard), witnesses)]) }()
	select {
	case <-compared:
	case <-time.After(leaveTime):
	}
	return err
}

// some are a few of the others, by lot.
func (g *Group) some() []*memberlist.Node {
	var out []*memberlist.Node
	all := g.list.Members()
	g.mu.Lock()
	for _, n := range all {
		if o := g.others[n.Name]; o != nil && !o.left {
			out = append(out, n)
		}
	}
	g.mu.Unlock()
	rand.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out[:min(len(out), heralds)]
}

// hear takes another node's goodbye, and spreads it if it is news.
func (g *Group) hear(b []byte) {
	word, ok := decodeGoodbye(b)
	if !ok {
		g.o.Log.Debug("word of a member not understood", "length", len(b))
		return
	}
	if g.believe(word) {
		g.words.QueueBroadcast(word)
	}
}

// believe tells whether a goodbye was news.
func (g *Group) believe(word goodbye) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	known := g.others[word.id]
	if known != nil && (word.run < known.run || word.run == known.run && known.left) {
		return false
	}
	g.lately = append(g.lately, heard{word, g.o.Now()})
	if len(g.lately) > maxLately {
		g.lately = g.lately[1:]
	}
	if known == nil {
		g.others[word.id] = &other{run: word.run, left: true}
	} else {
		was := !known.left // else it went before, and its life that ends now was never seen
		known.run, known.left = word.run, true
		if was {
			g.o.Events.Down(known.Member, true)
		}
	}
	g.recount()
	return true
}

// delegate is what memberlist asks and tells.
type delegate struct{ g *Group }

func (d delegate) NodeMeta(int) []byte {
	raw, err := tell(d.g.o.Self, d.g.run)
	if err != nil {
		return nil // New has checked
	}
	return raw
}

func (d delegate) NotifyMsg(b []byte) { d.g.hear(b) }

func (d delegate) GetBroadcasts(overhead, limit int) [][]byte {
	return d.g.words.GetBroadcasts(overhead, limit)
}

// LocalState is the goodbyes of late, each after its length in one byte.
func (d delegate) LocalState(bool) []byte {
	g := d.g
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []byte
	for _, h := range g.lately {
		if g.o.Now().Sub(h.at) < latelyTime {
			m := h.goodbye.Message()
			out = append(append(out, byte(len(m))), m...)
		}
	}
	return out
}

func (d delegate) MergeRemoteState(b []byte, _ bool) {
	for len(b) > 0 && len(b) > int(b[0]) {
		n := 1 + int(b[0])
		d.g.hear(b[1:n])
		b = b[n:]
	}
}

// heard is a goodbye and when it came.
type heard struct {
	goodbye
	at time.Time
}
