// Package discovery sends and hears beacons: multicast packets, sealed with the
// beacon key, by which the nodes of one network segment find each other.
//
//	IPv4  239.77.79.88   IPv6  ff02::6d6f:7378 (link), ff05:: with a TTL above 1
//
// What was heard is told to the caller, who decides what to do about it; a
// beacon alone makes nobody a member. Beacons go out and are heard on chosen
// interfaces only; the choice is looked at again before each round, so
// interfaces may come and go.
//
// Ownership: Run owns the sockets and everything else; one goroutine reads
// each socket and ends with it.
package discovery

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"openmosix/internal/model/beacon"
	"openmosix/internal/model/seal"
)

// DefaultPort is the UDP port of beacons, the one of the original's omad.
const DefaultPort = 5429

// period is the time between two rounds of beacons; the first ones come fast,
// so that nodes which start together find each other at once.
const (
	period      = 5 * time.Second
	firstPeriod = 500 * time.Millisecond
	firstRounds = 6
)

// maxBeacon is more than a sealed beacon ever has.
const maxBeacon = 1024

// Settings may change while Run runs.
type Settings struct {
	Interfaces []net.Interface
	TTL        int // 1: stays in the segment
	Beacon     beacon.Beacon
}

// Options are what Run needs.
type Options struct {
	Port     int
	Settings func() Settings
	Secrets  func() []seal.Secret
	Allowed  func(netip.Addr) bool
	Refused  func(netip.Addr, error)
	Heard    func(from netip.Addr, b beacon.Beacon)
	Log      *slog.Logger
}

type crier struct {
	o       Options
	sockets []*socket
	sealer  *seal.Sealer
	own     seal.Salt
	silent  map[string]bool // interfaces on which sending failed and that was said

	mu     sync.Mutex // opener: shared by the readers
	opener seal.Opener
}

// whenever: a beacon only says where to knock, so one that is shown again later costs a handshake with an address that a node has had.
// But one whose sender's clock is wrong is a node that would not be found.
func whenever(seal.Salt, time.Duration) bool { return true }

// Run sends and hears beacons until ctx ends.
func Run(ctx context.Context, o Options) error {
	c := &crier{o: o, silent: make(map[string]bool), opener: seal.Opener{Runs: whenever}}
	if _, err := rand.Read(c.own[:]); err != nil {
		return fmt.Errorf("draw salt of beacons: %w", err)
	}
	c.sealer = seal.NewSealer(c.own)
	var group sync.WaitGroup
	defer group.Wait()
	for _, family := range []family{four, six} {
		s, err := open(family, o.Port)
		if err != nil {
			o.Log.Info("no beacons of one protocol", "protocol", family.network(), "error", err)
			continue
		}
		defer s.close()
		c.sockets = append(c.sockets, s)
		group.Go(func() { c.hear(s) })
	}
	if len(c.sockets) == 0 {
		return errors.New("no socket for beacons: nodes are found by seeds and maps alone")
	}
	for round := 0; ; round++ {
		c.cry()
		wait := period
		if round < firstRounds {
			wait = firstPeriod
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// cry sends one beacon on every interface.
func (c *crier) cry() {
	settings, secrets := c.o.Settings(), c.o.Secrets()
	raw, err := settings.Beacon.Encode()
	if err != nil || len(secrets) == 0 {
		c.o.Log.Warn("no beacon", "error", err, "keys", len(secrets))
		return
	}
	for _, s := range c.sockets {
		for _, i := range settings.Interfaces {
			if !s.family.isOn(i) {
				continue
			}
			packet := c.sealer.Seal(secrets[0], time.Now(), raw)
			c.said(s.family.network()+" "+i.Name, s.send(i, settings.TTL, packet))
		}
	}
}

// said logs the first failure of an interface, and the next after a success.
func (c *crier) said(where string, err error) {
	if err != nil && !c.silent[where] {
		c.o.Log.Debug("cannot send beacons", "on", where, "error", err)
	}
	c.silent[where] = err != nil
}

func (c *crier) hear(s *socket) {
	buffer := make([]byte, maxBeacon)
	for {
		n, from, err := s.receive(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		source := from.Unmap()
		b, idle, err := c.understand(source, buffer[:n])
		if idle {
			continue
		}
		if err != nil {
			c.o.Refused(source, fmt.Errorf("beacon: %w", err))
			continue
		}
		c.o.Heard(source, b)
	}
}

// understand tells what a packet says; idle: nothing that matters, nor to anybody.
func (c *crier) understand(source netip.Addr, packet []byte) (b beacon.Beacon, idle bool, err error) {
	if !c.o.Allowed(source) {
		// All nodes of this segment send from there, too; where it is not wanted, or this machine has just got its own
		// such address, and that is not known yet, their other beacons are heard.
		if source.Is6() && source.IsLinkLocalUnicast() {
			return b, true, nil
		}
		return b, false, errors.New("its address is in none of the networks that may connect (setting networks)")
	}
	c.mu.Lock()
	payload, salt, err := c.opener.Open(c.o.Secrets(), time.Now(), packet)
	c.mu.Unlock()
	// Multicast may come back, by more than one interface.
	if salt == c.own {
		return b, true, nil
	}
	if err != nil {
		return b, false, err
	}
	b, err = beacon.Decode(payload)
	return b, false, err
}
