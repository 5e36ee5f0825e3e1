// Package coherence decides where each page of memory is that processes on several nodes
// share: one of them has it and may write it, or several have copies to read (Li and Hudak, Memory
// Coherence in Shared Virtual Memory Systems, 1989, with a central manager).
//
// Pure: it says what is to be said and sent, and holds no contents. Home is one of the parties
// and the manager: all contents pass through it. What it was told last of a page that others have it keeps
// aside; of a page that several read it has a copy like they.
package coherence

import (
	"maps"
	"slices"
)

// Party is a node that can have pages; Home is where all of them are in the beginning.
type Party uint32

// Home is the node of the manager.
const Home Party = 0

// Verb of an Action.
type Verb uint8

const (
	// Take: To is to give the page up; what was in it is then told by Came.
	Take Verb = iota
	// Share: To, which may write the page, is to read it only from now on, and to tell what is in it.
	Share
	// Drop: To, which reads the page, is to have it no more.
	Drop
	// Put: To may write the page, which it is given as it was last told.
	Put
	// Lend: To may read it.
	Lend
	// Own: To, which reads it, may write it.
	Own
)

// Action is what is to be done. To is told Grant with the last three, and says it when it gives the page back: so
// what it says of an earlier one is known to be that.
type Action struct {
	Verb  Verb
	Page  uint64
	To    Party
	Grant uint64
}

// Word is what a party says of a page that it has, asked or not.
type Word uint8

const (
	// Gave: it has it no more, and this was in it.
	Gave Word = iota
	// Kept: it reads it only, and this is in it.
	Kept
	// Dropped: it has it no more, and has not written it.
	Dropped
)

// Directory knows who has each page of one object. Not for concurrent use.
type Directory struct {
	pages  map[uint64]*page // the others are at home, to be written, and nobody wants them
	away   int              // of these, those that are not
	pinned bool             // they come home, and stay
	grant  uint64
	asks   uint64
}

type page struct {
	holder  Party            // who may write it; nobody, if several read it or it is aside
	grant   uint64           // ... by this
	shared  bool             // home reads it, and
	readers map[Party]uint64 // these do, by these grants; of a page that is aside one at most, who is to write it
	aside   bool             // nobody may write it, and home does not read it either
	waiting map[Party]uint64 // have been asked for it, by the number of the request
	queue   []want           // in order
	counted bool             // in Directory.away
}

type want struct {
	who   Party
	write bool
}

// New is of an object that is at home.
func New() *Directory { return &Directory{pages: map[uint64]*page{}} }

// Tick begins what is done together: a page is granted to a party once in it.
func (d *Directory) Tick() { d.grant++ }

// Wants: a party needs a page, to write or to read it. Who has it so, or is being sent it, is not heard. A guess is
// heard only if nobody else waits for the page.
func (d *Directory) Wants(n uint64, who Party, write, guess bool) []Action {
	p := d.pages[n]
	if p == nil {
		if who == Home {
			return nil
		}
		p = &page{}
		d.pages[n] = p
	}
	if guess && (d.pinned || len(p.queue) > 0 || len(p.waiting) > 0 || who == Home && p.shared && !write) {
		d.count(n, p)
		return nil
	}
	if at := slices.IndexFunc(p.queue, func(w want) bool { return w.who == who }); at >= 0 {
		p.queue[at].write = p.queue[at].write || write
		return nil
	}
	p.queue = append(p.queue, want{who, write})
	return d.step(n, p)
}

// Came: a party has given a page up, or its right to write it, by a grant, which of home's is not looked at. News: what
// it says is in it counts.
func (d *Directory) Came(n uint64, from Party, word Word, grant uint64) (acts []Action, news bool) {
	p := d.pages[n]
	if p == nil {
		return nil, false
	}
	_, reads := p.readers[from]
	switch {
	case from == Home && p.shared:
		p.shared, p.aside = false, true
		news = true
	case from == Home && (p.holder != Home || p.aside), from != Home && !reads && (p.shared || p.aside || p.holder != from || p.grant != grant):
		return nil, false
	case reads && p.readers[from] != grant:
		return nil, false
	case reads:
		delete(p.readers, from)
	case word == Kept:
		p.shared, news = true, true
		if from != Home {
			p.readers = map[Party]uint64{from: grant}
			acts = append(acts, Action{Lend, n, Home, d.grant})
		}
		p.holder = Home
	default:
		p.aside, p.holder, news = true, Home, word == Gave
	}
	delete(p.waiting, from)
	return append(acts, d.step(n, p)...), news
}

// step does what can be done of what is wanted.
func (d *Directory) step(n uint64, p *page) (acts []Action) {
	give := func(v Verb, to Party) { acts = append(acts, Action{v, n, to, d.grant}) }
	ask := func(v Verb, to Party) {
		if p.waiting == nil {
			p.waiting = map[Party]uint64{}
		}
		p.waiting[to] = d.asks
		give(v, to)
	}
	d.asks++
	for len(p.waiting) == 0 {
		if d.pinned {
			p.queue = slices.DeleteFunc(p.queue, func(w want) bool { return w.who == Home })
		}
		none := d.pinned || len(p.queue) == 0
		var w want // none: home is to write it
		if w.write = true; !none {
			w = p.queue[0]
		}
		if none && !d.pinned && len(p.readers) > 0 && p.shared || none && !d.pinned && !p.aside && !p.shared {
			break // it may stay so
		}
		if !p.shared && !p.aside && p.holder != w.who {
			if w.write {
				ask(Take, p.holder)
			} else {
				ask(Share, p.holder)
			}
			break
		}
		if !p.shared && !p.aside { // it has it
			if none {
				break
			}
			p.queue = p.queue[1:]
			continue
		}
		_, reads := p.readers[w.who]
		if !w.write {
			if p.aside { // as home was to give it up
				p.aside, p.shared = false, true
				give(Lend, Home)
			}
			if w.who != Home && !reads {
				if p.readers == nil {
					p.readers = map[Party]uint64{}
				}
				p.readers[w.who] = d.grant
				give(Lend, w.who)
			}
			p.queue = p.queue[1:]
			continue
		}
		if w.who != Home && p.shared {
			ask(Take, Home)
		}
		for _, r := range slices.Sorted(maps.Keys(p.readers)) {
			if r != w.who {
				ask(Drop, r)
			}
		}
		if len(p.waiting) > 0 {
			break
		}
		switch {
		case reads || p.shared:
			give(Own, w.who)
		default:
			give(Put, w.who)
		}
		p.holder, p.grant, p.readers, p.shared, p.aside = w.who, d.grant, nil, false, false
		if !none {
			p.queue = p.queue[1:]
		}
	}
	d.count(n, p)
	return acts
}

// count keeps away right, and forgets what is at home.
func (d *Directory) count(n uint64, p *page) {
	home := p.holder == Home && !p.shared && !p.aside && len(p.waiting) == 0
	if p.counted == home {
		p.counted = !home
		if home {
			d.away--
		} else {
			d.away++
		}
	}
	if home && len(p.queue) == 0 {
		delete(d.pages, n)
	}
}

// Pin has all pages come home, and stay until Unpin; who wants one waits.
func (d *Directory) Pin() []Action {
	d.pinned = true
	return d.all()
}

// Unpin ends that.
func (d *Directory) Unpin() []Action {
	d.pinned = false
	return d.all()
}

func (d *Directory) all() []Action {
	var acts []Action
	for _, n := range d.numbers() {
		acts = append(acts, d.step(n, d.pages[n])...)
	}
	return acts
}

// numbers are in order, so that neighbours are done together.
func (d *Directory) numbers() []uint64 {
	all := make([]uint64, 0, len(d.pages))
	for n := range d.pages {
		all = append(all, n)
	}
	slices.Sort(all)
	return all
}

// Lost: a party is gone, and what it had is as it was last known. It tells how many pages it could have written.
func (d *Directory) Lost(who Party) (acts []Action, written int) {
	for _, n := range d.numbers() {
		p := d.pages[n]
		p.queue = slices.DeleteFunc(p.queue, func(w want) bool { return w.who == who })
		delete(p.waiting, who)
		delete(p.readers, who)
		if p.holder == who {
			p.holder, p.aside = Home, true
			written++
		}
		acts = append(acts, d.step(n, p)...)
	}
	return acts, written
}

// Asked tells which request a party has not answered that was to give up a page, or its right to write it; 0: none.
func (d *Directory) Asked(n uint64, who Party) uint64 {
	if p := d.pages[n]; p != nil {
		return p.waiting[who]
	}
	return 0
}

// Holder is who may write a page, or is being sent it; Home also if nobody may.
func (d *Directory) Holder(n uint64) Party {
	if p := d.pages[n]; p != nil {
		return p.holder
	}
	return Home
}

// Quiet tells whether all pages are at home, and nobody wants one.
func (d *Directory) Quiet() bool { return len(d.pages) == 0 }

// Away counts the pages that are not at home to be written, or may be on their way from there.
func (d *Directory) Away() int { return d.away }
