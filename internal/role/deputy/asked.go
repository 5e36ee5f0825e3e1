package deputy

import (
	"fmt"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
)

// comes is what becomes of what the guest side sends ahead.
type comes struct {
	page    func([]byte) error // takes a Pages frame
	settle  func() error       // waits until all that page took has been stored
	several bool               // page may be called by several connections at once
	left    *allowance         // what may come
}

// frozenImage asks the guest side to freeze and waits for the image.
func (p *proc) frozenImage(l *link, ask wire.FreezeMsg, ahead comes) (*wire.ThawMsg, error) {
	p.mu.Lock()
	p.sendUnsent(l)
	p.sent = nil
	before, try, lockable := p.count, p.tries, p.lockable
	p.mu.Unlock()
	ask.Try, ask.Still = try, p.s.daemon.Hello().Still
	if err := l.send(wire.Freeze, p.Own, wire.Encode(ask)); err != nil {
		return nil, fail(supervisor.Unreachable, err.Error())
	}
	ahead.left = &allowance{bytes: mostAhead()}
	if ahead.several && len(ask.Into) > 0 {
		defer p.receiveBeside(l, try, ahead).end()
	}
	m, err := p.frozen(l, try, ahead)
	if err != nil {
		return nil, err
	}
	if err := m.Image.Validate(); err != nil {
		return nil, err
	}
	if m.Image.PID != p.Own {
		return nil, fmt.Errorf("the guest side sent process %d instead of %d", m.Image.PID, p.Own)
	}
	if err := mayLack(m, ask.Later); err != nil {
		return nil, err
	}
	if err := mayOwn(&m.Image, p.hasSoles()); err != nil {
		return nil, err
	}
	if err := p.mayShare(&m.Image); err != nil {
		return nil, err
	}
	if err := mayHaveLocked(&m.Image, lockable); err != nil {
		return nil, err
	}
	if err := plausible(m, before); err != nil {
		return nil, err
	}
	m.SignalsSeen -= before
	return m, nil
}

// frozen waits for the answer to this attempt. What an earlier one, given up
// meanwhile, still sends is passed over.
func (p *proc) frozen(l *link, try uint64, ahead comes) (*wire.ThawMsg, error) {
	for {
		f, err := p.nextFrame(l)
		if err != nil {
			return nil, err
		}
		if !ahead.left.spend(f.data) {
			return nil, errEndless
		}
		switch f.kind {
		case wire.Failed:
			var m wire.FailedMsg
			if wire.Decode(f.data, &m) == nil && m.Try != 0 && m.Try != try {
				continue
			}
			return nil, failedBy(f)
		case wire.Pages:
			if err := ahead.page(f.data); err != nil {
				return nil, err
			}
			l.conn.Spare(f.data)
		case wire.Settle:
			if len(f.data) != 8 || le.Uint64(f.data) != try {
				continue
			}
			if err := ahead.settle(); err != nil {
				return nil, err
			}
			if err := unsent(l.send(wire.Settled, p.Own, f.data)); err != nil {
				return nil, err
			}
		case wire.Frozen:
			m := new(wire.ThawMsg)
			if err := wire.Decode(f.data, m); err != nil {
				return nil, err
			}
			if m.Try == try {
				return m, nil
			}
		}
	}
}
