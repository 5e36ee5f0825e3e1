package deputy

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/model/coherence"
	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/joint"
	"openmosix/internal/process/reach"
)

// Memory that processes of a family share while they are on several nodes: here is decided where
// each of its pages is, and through here they go. See docs/design/0022. Lock order: cover.mu, that of the
// reach.Guards, jointly.mu, and that of the joint.Node.

// jointly is the family's shared memory.
type jointly struct {
	s      *Supervisor
	node   *joint.Node   // the part of this node
	guards *reach.Guards // what others can come to have

	mu      sync.Mutex
	objects map[joint.Key]*jointObject // of which pages are elsewhere, or wanted
	parties map[*link]coherence.Party
	links   map[coherence.Party]*link
	granted map[*link]map[joint.Key]bool // what the processes behind a link share
	last    coherence.Party
	pinned  map[joint.Key]bool // of which pages stay at home
	home    *sync.Cond         // pages have come home; mu

	calm atomic.Bool // no page is elsewhere, or wanted
}

type jointObject struct {
	*coherence.Directory
	aside aside // pages that others may write, as they were when they left
}

func newJointly(s *Supervisor) *jointly {
	j := &jointly{s: s, objects: map[joint.Key]*jointObject{}, parties: map[*link]coherence.Party{}, links: map[coherence.Party]*link{}, granted: map[*link]map[joint.Key]bool{}, pinned: map[joint.Key]bool{}}
	j.node, j.guards, j.home = joint.New(j, true), reach.New(j, procfs.FS("/proc"), func() *slog.Logger { return s.log }), sync.NewCond(&j.mu)
	j.calm.Store(true)
	return j
}

// grant lets the guest side behind a link have what one of its processes shares.
func (j *jointly) grant(l *link, keys []joint.Key) {
	if len(keys) == 0 {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	select {
	case <-l.gone:
		return
	default:
	}
	if j.granted[l] == nil {
		j.granted[l] = map[joint.Key]bool{}
		j.last++
		j.parties[l], j.links[j.last] = j.last, l
	}
	for _, k := range keys {
		j.granted[l][k] = true
	}
}

// goesTo is grant for a process that comes from another guest side.
func (j *jointly) goesTo(l *link, keys []joint.Key) error {
	if len(keys) > 0 && !l.fetches.Load() {
		return fail(supervisor.CannotMove, "it shares memory, and the other node cannot fetch pages")
	}
	j.grant(l, keys)
	return nil
}

// Want: a process here waits for a page. It is a joint.Side.
func (j *jointly) Want(k joint.Key, page, count uint64, write bool, _ int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.wants(k, page, count, coherence.Home, write)
}

// Say: pages leave this node, or can be read only.
func (j *jointly) Say(k joint.Key, page, count uint64, word coherence.Word, grant uint64, contents []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.came(k, page, count, coherence.Home, word, grant, contents)
}

// said is a guest side's word. Link reader.
func (j *jointly) said(l *link, f frame) {
	m, err := wire.DecodeJoint(f.data)
	if p := j.s.procByOwn(f.id); p != nil {
		p.touches(l)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if err == nil {
		k := joint.Key{Dev: m.Dev, Ino: m.Ino}
		size, _ := j.node.Size(k)
		word, says := saidOf[m.Verb]
		switch {
		case !j.granted[l][k]:
			err = fmt.Errorf("the processes there have no shared memory %d:%d", m.Dev, m.Ino)
		case m.Verb == wire.JointRead || m.Verb == wire.JointWrite:
			if pages := size / image.PageSize; m.Page >= pages {
				err = fmt.Errorf("shared memory %d:%d has no page %d", m.Dev, m.Ino, m.Page)
			} else {
				j.wants(k, m.Page, min(m.Count, pages-m.Page), j.parties[l], m.Verb == wire.JointWrite)
			}
		case !says || m.Count > image.MaxJointRun && m.Page+m.Count > size/image.PageSize:
			err = fmt.Errorf("verb %d of shared memory", m.Verb)
		default:
			j.came(k, m.Page, m.Count, j.parties[l], word, m.Grant, m.Contents)
		}
	}
	if err != nil {
		l.complain("a word about shared memory", "error", err)
	}
}

// saidOf is what guest sides say of pages that they have.
var saidOf = map[wire.JointVerb]coherence.Word{wire.JointGave: coherence.Gave, wire.JointKept: coherence.Kept, wire.JointDropped: coherence.Dropped}

// wants and the others below: mu is held. Of the pages that are wanted only the first is certainly needed.
func (j *jointly) wants(k joint.Key, first, count uint64, who coherence.Party, write bool) {
	o := j.objects[k]
	if o == nil {
		o = &jointObject{Directory: coherence.New()}
		j.objects[k] = o
		if j.pinned[k] {
			o.Pin()
		}
	}
	o.Tick()
	var acts []coherence.Action
	for i := range count {
		acts = append(acts, o.Wants(first+i, who, write, i > 0)...)
	}
	j.do(k, o, acts)
}

func (j *jointly) came(k joint.Key, first, count uint64, from coherence.Party, word coherence.Word, grant uint64, contents []byte) {
	o := j.objects[k]
	if o == nil {
		return // of an earlier time
	}
	o.Tick()
	var acts []coherence.Action
	for i := range count {
		some, news := o.Came(first+i, from, word, grant)
		acts = append(acts, some...)
		if !news || len(contents) == 0 {
			continue
		}
		if err := o.aside.keep(first+i, contents[i*image.PageSize:(i+1)*image.PageSize]); err != nil {
			j.s.log.Error("shared memory", "page", first+i, "error", err)
		}
	}
	j.do(k, o, acts)
}

// do does what is to be done, neighbouring pages together. What is done of one page stays in order.
func (j *jointly) do(k joint.Key, o *jointObject, acts []coherence.Action) {
	for len(acts) > 0 {
		var rest []coherence.Action
		var round []coherence.Action // one of each page
		for _, a := range acts {
			if n := len(round); n > 0 && round[n-1].Page >= a.Page {
				rest = append(rest, a)
			} else {
				round = append(round, a)
			}
		}
		for len(round) > 0 {
			a, n := round[0], 1
			for n < len(round) && n < image.MaxJointRun && round[n] == (coherence.Action{Verb: a.Verb, Page: a.Page + uint64(n), To: a.To, Grant: a.Grant}) {
				n++
			}
			if err := j.doRun(k, o, a, uint64(n)); err != nil {
				j.s.log.Error("shared memory", "page", a.Page, "pages", n, "error", err)
			}
			round = round[n:]
		}
		acts = rest
	}
	if o.Quiet() && j.objects[k] == o {
		o.aside.close()
		delete(j.objects, k)
	}
	j.calm.Store(len(j.objects) == 0)
	j.home.Broadcast()
}

// verbOf is how guest sides are told.
var verbOf = map[coherence.Verb]wire.JointVerb{coherence.Take: wire.JointTake, coherence.Drop: wire.JointTake, coherence.Share: wire.JointShare, coherence.Put: wire.JointPut, coherence.Lend: wire.JointLend, coherence.Own: wire.JointOwn}

// doRun does the same to neighbouring pages.
func (j *jointly) doRun(k joint.Key, o *jointObject, a coherence.Action, count uint64) error {
	var contents []byte
	var err error
	switch {
	case a.Verb == coherence.Lend && a.To != coherence.Home:
		contents, err = j.node.Read(k, a.Page, count) // home reads it, too
	case a.Verb == coherence.Put || a.Verb == coherence.Lend:
		contents, err = o.aside.read(a.Page, count)
	}
	if err != nil {
		return err
	}
	if a.To == coherence.Home {
		switch a.Verb {
		case coherence.Take, coherence.Share:
			return j.node.Yield(k, a.Page, count, a.Verb == coherence.Share)
		case coherence.Own:
			return j.node.Own(k, a.Page, count, a.Grant)
		}
		o.aside.forget(a.Page, count)
		return j.node.Put(k, a.Page, count, a.Grant, a.Verb == coherence.Put, contents)
	}
	l := j.links[a.To]
	if l == nil {
		return fmt.Errorf("party %d is gone", a.To)
	}
	m := wire.JointMsg{Dev: k.Dev, Ino: k.Ino, Page: a.Page, Count: count, Grant: a.Grant, Verb: verbOf[a.Verb], Contents: contents}
	_ = l.post(wire.Joint, 0, m.Append(nil)) // a link that is lost is told otherwise
	if a.Verb <= coherence.Drop {
		j.expect(l, k, o, a, count)
	}
	return nil
}

// takeLimit is how long a guest side may keep a page that others wait for, beside what it takes to
// replace a connection.
const takeLimit = stepLimit

// expect gives a guest side up that keeps pages.
func (j *jointly) expect(l *link, k joint.Key, o *jointObject, a coherence.Action, count uint64) {
	asked := make([]uint64, count)
	for i := range asked {
		asked[i] = o.Asked(a.Page+uint64(i), a.To)
	}
	time.AfterFunc(takeLimit+j.s.daemon.Hello().Reconnect, func() {
		j.mu.Lock()
		late := false
		for i, one := range asked {
			late = late || one != 0 && o.Asked(a.Page+uint64(i), a.To) == one
		}
		late = late && j.objects[k] == o && j.links[a.To] == l
		j.mu.Unlock()
		if late {
			j.s.log.Warn("a node does not give up a page of memory that processes share", "node", l.node)
			l.close()
		}
	})
}

// Pin has all pages of an object come home, and stay. It is a reach.Home, with the next ones.
func (j *jointly) Pin(k joint.Key) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.pinned[k] = true
	if o := j.objects[k]; o != nil {
		o.Tick()
		j.do(k, o, o.Pin())
	}
}

// Unpin lets the pages of an object go elsewhere again.
func (j *jointly) Unpin(k joint.Key) {
	j.mu.Lock()
	defer j.mu.Unlock()
	delete(j.pinned, k)
	if o := j.objects[k]; o != nil {
		o.Tick()
		j.do(k, o, o.Unpin())
	}
}

// Await waits until all pages of an object are here: who does not give them up is given up.
func (j *jointly) Await(k joint.Key) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for o := j.objects[k]; o != nil && o.Away() > 0; o = j.objects[k] {
		j.home.Wait()
	}
}

// Known tells whether a process has an object mapped that is served.
func (j *jointly) Known(k joint.Key) bool {
	_, is := j.node.Size(k)
	return is
}

// quiet tells whether all pages are at home, and nobody wants one.
func (j *jointly) quiet() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.objects) == 0
}

// lost: what a guest side had is as it was when it went there.
func (j *jointly) lost(l *link) {
	j.mu.Lock()
	defer j.mu.Unlock()
	who, is := j.parties[l]
	if !is {
		return
	}
	delete(j.parties, l)
	delete(j.links, who)
	delete(j.granted, l)
	for k, o := range j.objects {
		o.Tick()
		acts, written := o.Lost(who)
		if written > 0 {
			j.s.log.Info("shared memory is as it was when it left", "node", l.node, "pages", written)
		}
		j.do(k, o, acts)
	}
}
