package deputy

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"openmosix/internal/linux/openwatch"
	"openmosix/internal/model/coherence"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/joint"
)

// Memory that processes of a family share while they are on several nodes: here is decided where
// each of its pages is, and through here they go. See docs/design/0022. Lock order: cover.mu,
// jointly.mu, and that of the joint.Node.

// jointly is the family's shared memory.
type jointly struct {
	s    *Supervisor
	node *joint.Node // the part of this node

	mu      sync.Mutex
	objects map[joint.Key]*jointObject // of which pages are elsewhere, or wanted
	parties map[*link]coherence.Party
	links   map[coherence.Party]*link
	granted map[*link]map[joint.Key]bool // what the processes behind a link share
	last    coherence.Party
	watch   *openwatch.Watch // nil: nothing is guarded yet
	guards  map[joint.Key]*guard
	home    *sync.Cond // pages have come home; mu

	shown atomic.Pointer[map[shows]joint.Key] // what is guarded
	calm  atomic.Bool                         // no page is elsewhere, or wanted
}

type jointObject struct {
	*coherence.Directory
	known map[uint64][]byte // of pages that are elsewhere: what was in them when they left
}

func newJointly(s *Supervisor) *jointly {
	j := &jointly{s: s, objects: map[joint.Key]*jointObject{}, parties: map[*link]coherence.Party{}, links: map[coherence.Party]*link{}, granted: map[*link]map[joint.Key]bool{}, guards: map[joint.Key]*guard{}}
	j.node, j.home = joint.New(j, true), sync.NewCond(&j.mu)
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
func (j *jointly) Want(k joint.Key, page uint64, _ int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.wants(k, page, coherence.Home)
}

// Give: a page leaves this node.
func (j *jointly) Give(k joint.Key, page uint64, contents []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.came(k, page, coherence.Home, contents); err != nil {
		j.s.log.Error("shared memory", "error", err)
	}
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
		switch {
		case !j.granted[l][k]:
			err = fmt.Errorf("the processes there have no shared memory %d:%d", m.Dev, m.Ino)
		case m.Verb == wire.JointWant:
			j.wants(k, m.Page, j.parties[l])
		case m.Verb == wire.JointPage:
			err = j.came(k, m.Page, j.parties[l], m.Contents)
		default:
			err = fmt.Errorf("verb %d of shared memory", m.Verb)
		}
	}
	if err != nil {
		l.complain("a word about shared memory", "error", err)
	}
}

// wants and the others below: mu is held.
func (j *jointly) wants(k joint.Key, page uint64, who coherence.Party) {
	o := j.objects[k]
	if o == nil {
		o = &jointObject{Directory: coherence.New(), known: map[uint64][]byte{}}
		j.objects[k] = o
		if g := j.guards[k]; g != nil && g.keeps() {
			o.Pin()
		}
	}
	j.do(k, o, o.Wants(page, who))
}

func (j *jointly) came(k joint.Key, page uint64, from coherence.Party, contents []byte) error {
	o := j.objects[k]
	if o == nil {
		if from == coherence.Home {
			return j.node.Put(k, page, contents) // who wanted it is gone
		}
		return fmt.Errorf("page %d comes, which is here", page)
	}
	acts, err := o.Came(page, from)
	if err != nil {
		return err
	}
	if len(acts) == 0 {
		return j.node.Put(k, page, contents)
	}
	o.known[page] = contents
	j.do(k, o, acts)
	return nil
}

func (j *jointly) do(k joint.Key, o *jointObject, acts []coherence.Action) {
	for _, a := range acts {
		l := j.links[a.To]
		m := wire.JointMsg{Dev: k.Dev, Ino: k.Ino, Page: a.Page}
		var err error
		switch {
		case a.Verb == coherence.Take && a.To == coherence.Home:
			err = j.node.Take(k, a.Page)
		case a.Verb == coherence.Put && a.To == coherence.Home:
			contents := o.known[a.Page]
			delete(o.known, a.Page)
			err = j.node.Put(k, a.Page, contents)
		case l == nil:
			err = fmt.Errorf("party %d is gone", a.To)
		case a.Verb == coherence.Take:
			m.Verb = wire.JointTake
			_ = l.post(wire.Joint, 0, m.Append(nil)) // a link that is lost is told otherwise
			j.expect(l, k, o, a.Page)
		case a.Verb == coherence.Put:
			m.Verb, m.Contents = wire.JointPage, o.known[a.Page]
			_ = l.post(wire.Joint, 0, m.Append(nil))
		}
		if err != nil {
			j.s.log.Error("shared memory", "page", a.Page, "error", err)
		}
	}
	if o.Quiet() {
		delete(j.objects, k)
	}
	j.calm.Store(len(j.objects) == 0)
	j.home.Broadcast()
}

// takeLimit is how long a guest side may keep a page that others wait for, beside what it takes to
// replace a connection.
const takeLimit = stepLimit

// expect gives a guest side up that keeps a page.
func (j *jointly) expect(l *link, k joint.Key, o *jointObject, page uint64) {
	asked := o.Asked(page)
	time.AfterFunc(takeLimit+j.s.daemon.Hello().Reconnect, func() {
		j.mu.Lock()
		late := j.objects[k] == o && j.links[o.Holder(page)] == l && o.Asked(page) == asked
		j.mu.Unlock()
		if late {
			j.s.log.Warn("a node does not give up a page of memory that processes share", "node", l.node)
			l.close()
		}
	})
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
		if acts := o.Lost(who); len(acts) > 0 {
			j.s.log.Info("shared memory is as it was when it left", "node", l.node, "pages", len(acts))
			j.do(k, o, acts)
		}
	}
}
