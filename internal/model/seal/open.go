package seal

import (
	"crypto/cipher"
	"encoding/binary"
	"time"
)

// maxSenders bounds what is remembered; more senders than a cluster has nodes.
const maxSenders = 4096

// Opener opens packets and remembers which it has seen.
type Opener struct {
	// Runs tells that a sender is known, by other ways than its packets, to run now: then its
	// clock, which is so far ahead of this one, may be wrong. nil: nothing is known of any.
	Runs    func(sender Salt, ahead time.Duration) bool
	senders map[sender]*window
}

type sender struct {
	key  [4]byte
	salt Salt
}

// window is what is known of one sender: the highest counter and, as bits, the
// 64 below it.
type window struct {
	aead cipher.AEAD
	top  uint64
	seen uint64
	last time.Time // by the sender's clock
}

// Open gives the payload of a packet, once, and the run of the sender it is
// of. The latter also with ErrReplayed: the packet is genuine, if late.
func (o *Opener) Open(secrets []Secret, now time.Time, packet []byte) ([]byte, Salt, error) {
	if len(packet) < Overhead || string(packet[:len(magic)]) != magic {
		return nil, Salt{}, ErrGarbage
	}
	from := sender{key: [4]byte(packet[len(magic):saltAt]), salt: Salt(packet[saltAt:counterAt])}
	secret, ok := named(secrets, from.key)
	if !ok {
		return nil, Salt{}, ErrOtherKey
	}
	w := o.senders[from]
	if w == nil {
		w = &window{aead: packetKey(secret, from.salt)}
	}
	header := packet[:headerSize]
	payload, err := w.aead.Open(nil, nonce(header), packet[headerSize:], header)
	if err != nil {
		return nil, Salt{}, ErrForged
	}
	sent := time.Unix(int64(binary.BigEndian.Uint64(header[timeAt:])), 0)
	if ahead := sent.Sub(now); (ahead > MaxSkew || ahead < -MaxSkew) && (o.Runs == nil || !o.Runs(from.salt, ahead)) {
		return nil, Salt{}, ErrStale
	}
	if !w.accept(binary.BigEndian.Uint64(header[counterAt:])) {
		return nil, from.salt, ErrReplayed
	}
	w.last = sent
	o.remember(from, w)
	return payload, from.salt, nil
}

func named(secrets []Secret, id [4]byte) (Secret, bool) {
	for _, s := range secrets {
		if s.ID == id {
			return s, true
		}
	}
	return Secret{}, false
}

// accept takes each counter once; what is too far behind to know is refused.
func (w *window) accept(n uint64) bool {
	switch {
	case n > w.top:
		if ahead := n - w.top; ahead > 63 {
			w.seen = 0
		} else {
			w.seen <<= ahead
		}
		w.top = n
		w.seen |= 1
		return true
	case w.top-n > 63 || w.seen>>(w.top-n)&1 == 1:
		return false
	}
	w.seen |= 1 << (w.top - n)
	return true
}

// remember keeps a sender; when there are too many, the one unheard of longest goes.
func (o *Opener) remember(from sender, w *window) {
	if o.senders == nil {
		o.senders = make(map[sender]*window)
	}
	if _, known := o.senders[from]; !known && len(o.senders) >= maxSenders {
		var oldest sender
		var at time.Time
		for s, other := range o.senders {
			if at.IsZero() || other.last.Before(at) {
				oldest, at = s, other.last
			}
		}
		delete(o.senders, oldest)
	}
	o.senders[from] = w
}
