// Package coherence decides where each page of memory is that processes on several nodes
// share: at one of them, and nowhere else (a single writer, as in Li and Hudak, Memory
// Coherence in Shared Virtual Memory Systems, 1989, with a central manager).
//
// Pure: it says what is to be said and sent, and holds no contents. Home is one of the parties
// and the manager: all contents pass through it.
package coherence

import (
	"fmt"
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
	// Put: the page is To's, which is to be given its contents as they were last known.
	Put
)

// Action is what is to be done.
type Action struct {
	Verb Verb
	Page uint64
	To   Party
}

// Directory knows the holder of each page of one object. Not for concurrent use.
type Directory struct {
	pages  map[uint64]*page // the others are at home, and nobody wants them
	pinned bool             // they come home, and stay
}

type page struct {
	holder Party
	asked  bool // the holder has been told to give it up
	asks   uint64
	queue  []Party // who wants it, in order
}

// New is of an object that is at home.
func New() *Directory { return &Directory{pages: map[uint64]*page{}} }

// Wants: a party needs a page that it has not got. Who has it, or is being sent it, is not heard.
func (d *Directory) Wants(n uint64, who Party) []Action {
	p := d.pages[n]
	if p == nil {
		if who == Home {
			return nil
		}
		p = &page{}
		d.pages[n] = p
	}
	if p.holder == who {
		return nil
	}
	for _, q := range p.queue {
		if q == who {
			return nil
		}
	}
	p.queue = append(p.queue, who)
	if p.asked || d.pinned && p.holder == Home {
		return nil
	}
	return d.take(n, p)
}

// take has the holder give up a page that somebody wants.
func (d *Directory) take(n uint64, p *page) []Action {
	p.asked = true
	p.asks++
	return []Action{{Take, n, p.holder}}
}

// Came: the holder of a page has given it up, asked or not.
func (d *Directory) Came(n uint64, from Party) ([]Action, error) {
	p := d.pages[n]
	if p == nil && from == Home {
		return nil, nil // nobody wants it any more
	}
	if p == nil || p.holder != from {
		return nil, fmt.Errorf("party %d gives page %d of shared memory, which it has not got", from, n)
	}
	return d.next(n, p), nil
}

// next hands a page that nobody holds to who is first to want it, or home.
func (d *Directory) next(n uint64, p *page) []Action {
	p.holder, p.asked = Home, false
	if d.pinned {
		p.queue = slices.DeleteFunc(p.queue, func(q Party) bool { return q == Home })
	} else if len(p.queue) > 0 {
		p.holder, p.queue = p.queue[0], p.queue[1:]
	}
	acts := []Action{{Put, n, p.holder}}
	switch {
	case d.pinned && len(p.queue) > 0:
	case len(p.queue) > 0:
		acts = append(acts, d.take(n, p)...)
	case p.holder == Home:
		delete(d.pages, n)
	}
	return acts
}

// Pin has all pages come home, and stay until Unpin; who wants one waits.
func (d *Directory) Pin() []Action {
	d.pinned = true
	var acts []Action
	for n, p := range d.pages {
		if p.holder != Home && !p.asked {
			acts = append(acts, d.take(n, p)...)
		}
	}
	return acts
}

// Unpin ends that.
func (d *Directory) Unpin() []Action {
	d.pinned = false
	var acts []Action
	for n, p := range d.pages {
		if len(p.queue) > 0 && !p.asked {
			acts = append(acts, d.take(n, p)...)
		}
	}
	return acts
}

// Lost: a party is gone, and what it had is as it was last known.
func (d *Directory) Lost(who Party) []Action {
	var acts []Action
	for n, p := range d.pages {
		rest := p.queue[:0]
		for _, q := range p.queue {
			if q != who {
				rest = append(rest, q)
			}
		}
		p.queue = rest
		if p.holder == who {
			acts = append(acts, d.next(n, p)...)
		}
	}
	return acts
}

// Asked tells which request to give a page up its holder has not answered; 0: none.
func (d *Directory) Asked(n uint64) uint64 {
	if p := d.pages[n]; p != nil && p.asked {
		return p.asks
	}
	return 0
}

// Holder is who has a page, or is being sent it.
func (d *Directory) Holder(n uint64) Party {
	if p := d.pages[n]; p != nil {
		return p.holder
	}
	return Home
}

// Quiet tells whether all pages are at home, and nobody wants one.
func (d *Directory) Quiet() bool { return len(d.pages) == 0 }

// Away counts the pages that are not at home, or may be on their way from there.
func (d *Directory) Away() int {
	n := 0
	for _, p := range d.pages {
		if p.holder != Home || p.asked {
			n++
		}
	}
	return n
}
