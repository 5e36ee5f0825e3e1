package deputy

import (
	"crypto/rand"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/pagesum"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/tracee"
)

// A node keeps what a process has left behind there, if it has room, and tells at the
// next trip what that is, by sums. Of pages that are so still it is told only that.
// What it says need not be true: it runs the process, whatever it is sent.

// sizeOfToken is that of the name by which nodes keep a process's memory.
const sizeOfToken = 16

// named gives a process its name for that, which it keeps on all its trips.
// Precondition: a move of it is under way, and this is its goroutine.
func (p *proc) named() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.token) != sizeOfToken {
		p.token = make([]byte, sizeOfToken)
		_, _ = rand.Read(p.token) // it never fails
	}
	return p.token
}

// asksHeld has an announcement ask for what the node holds of the process.
func (p *proc) asksHeld(m *wire.PrepareMsg) error {
	var mapped uint64
	for i := range m.Image.VMAs {
		mapped += m.Image.VMAs[i].Len()
	}
	m.Token, m.Key = p.named(), make([]byte, pagesum.KeySize)
	_, _ = rand.Read(m.Key) // it never fails
	table, err := pagesum.NewTable(m.Key, min(mapped/image.PageSize, mostHeld))
	p.holds = table
	return err
}

// mostHeld is of how many pages it is noted that a node holds them: 32 GiB. It takes
// 128 MiB to note them.
const mostHeld = 8 << 20

// prepared waits for the answer to an announcement, and takes what is said to be held.
func (p *proc) prepared(l *link) (frame, error) {
	for {
		f, err := p.expectAny(l)
		if err != nil || f.kind != wire.Holds {
			return f, err
		}
		if err := p.holds.Add(f.data); err != nil {
			return f, err
		}
	}
}

// thinned sends pages of a process to a node, without those that it holds.
type thinned struct {
	p     *proc
	l     *link
	sent  uint64        // bytes
	still time.Duration // that took
}

func (t *thinned) send(kind uint8, parts ...[]byte) error {
	begun := time.Now()
	err := t.p.send(t.l, kind, parts...)
	t.still += time.Since(begun)
	for _, part := range parts {
		t.sent += uint64(len(part))
	}
	return err
}

// emit is a tracee.Emit.
func (t *thinned) emit(kind uint8, parts ...[]byte) error {
	if kind != wire.Pages || t.p.holds.Empty() || len(parts) != 2 || len(parts[1])%image.PageSize != 0 {
		return t.send(kind, parts...)
	}
	var same []image.Range
	var head [8]byte
	err := t.p.holds.Split(le.Uint64(parts[0]), parts[1], func(at uint64, pages []byte, held bool) error {
		if held {
			same = append(same, image.Range{Start: at, End: at + uint64(len(pages))})
			return nil
		}
		le.PutUint64(head[:], at)
		return t.send(kind, head[:], pages)
	})
	if err != nil || len(same) == 0 {
		return err
	}
	return t.send(wire.Same, wire.Encode(wire.RangesMsg{Ranges: same}))
}

// onWay is emit for a Pages frame that comes from another node.
func (t *thinned) onWay(data []byte) error {
	if len(data) < 8 {
		return t.send(wire.Pages, data)
	}
	return t.emit(wire.Pages, data[:8], data[8:])
}

// rate corrects how fast sending ahead went, where most of it was not sent.
func (t *thinned) rate(a *tracee.Ahead) {
	if t.p.holds.Empty() || t.still == 0 {
		return
	}
	a.Rate = min(a.Rate, float64(t.sent)/t.still.Seconds())
}
