package guest

import (
	"fmt"
	"sync"

	"openmosix/internal/linux/fault"
	"openmosix/internal/model/image"
	"openmosix/internal/model/missing"
	"openmosix/internal/model/wire"

	"golang.org/x/sys/unix"
)

// giving gives the pages of a body that stands still for a process that runs on
// another node by now. Home asks for them, and passes them on. It ends with home's word
// about the departure, as the body does.
type giving struct {
	b    *body
	kick chan struct{} // capacity 1: something was asked for
	quit chan struct{}

	mu  sync.Mutex
	all *missing.Supply
}

const (
	// givenFrame is how much goes in one frame: the next urgent request waits for one.
	givenFrame = 256 << 10
	// maxWanted bounds the ranges of one request.
	maxWanted = 2048
)

// supply begins to give. Precondition: the body is parked.
func (b *body) supply(later []image.Range) {
	v := &giving{b: b, kick: make(chan struct{}, 1), quit: make(chan struct{}), all: missing.NewSupply(later)}
	b.giving.Store(v)
	go v.run()
}

// endSupply: no more will be asked for, or the body is to run on.
func (b *body) endSupply() {
	if v := b.giving.Swap(nil); v != nil {
		close(v.quit)
	}
}

// wanted takes a request. Link reader.
func (g *Guest) wanted(own int, data []byte) {
	b := g.bodyByOwn(own)
	if b == nil {
		return
	}
	v := b.giving.Load()
	if v == nil {
		return
	}
	var m wire.WantMsg
	err := wire.Decode(data, &m)
	if err == nil {
		err = image.ValidateRanges(m.Ranges)
	}
	if err == nil && len(m.Ranges) > maxWanted {
		err = fmt.Errorf("%d ranges at once, more than %d", len(m.Ranges), maxWanted)
	}
	if err != nil {
		g.log.Warn("bad request for pages", "process", own, "error", err)
		return
	}
	v.mu.Lock()
	v.all.Ask(m.Ranges, m.Urgent)
	v.mu.Unlock()
	select {
	case v.kick <- struct{}{}:
	default:
	}
}

func (v *giving) next() []image.Range {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.all.Next(givenFrame)
}

func (v *giving) run() {
	g := v.b.g
	buf := make([]byte, givenFrame)
	for {
		rs := v.next()
		if len(rs) == 0 {
			select {
			case <-v.kick:
				continue
			case <-v.quit:
				return
			case <-g.done:
				return
			}
		}
		g.fault.Reach(fault.GuestServes)
		if err := v.send(rs, buf); err != nil {
			v.broken(err)
			return
		}
	}
}

func (v *giving) send(rs []image.Range, buf []byte) error {
	var parts [][]byte
	for _, r := range rs {
		bytes := buf[:r.Len()]
		buf = buf[r.Len():]
		if err := v.b.Forced().Read(r.Start, bytes); err != nil {
			return err
		}
		parts = append(parts, wire.FetchedHead(r.Start, len(bytes)), bytes)
	}
	_ = v.b.g.send(wire.Fetched, v.b.Own, parts...) // a link that is lost is the session's end
	return nil
}

// broken: a page cannot be read. Unless nobody needs it any more, the process cannot go on.
func (v *giving) broken(err error) {
	select {
	case <-v.quit:
		return
	case <-v.b.g.done:
		return
	default:
	}
	v.b.g.log.Error("a page of a process that has gone on cannot be read", "process", v.b.Own, "error", err)
	_ = v.b.g.post(wire.Died, v.b.Own, wire.Encode(wire.DiedMsg{Signal: int(unix.SIGKILL), There: true}))
}
