// Package information keeps what this node knows of the load of the others, and
// tells them of its own: model/gossip's window with a clock and packets.
//
// It does not measure, does not know who is up, and asks nobody.
//
// Ownership: mu guards the window and what goes with it; nothing blocks under
// it and no callback is called with it held. Run is one goroutine; Heard is
// called by that which reads packets.
package information

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"openmosix/internal/model/gossip"
	"openmosix/internal/model/load"
	"openmosix/internal/model/roster"
	"openmosix/internal/node/config"
	"openmosix/internal/role/member"
)

// Known is what is known of a node and how old it is.
type Known = gossip.Known

// atLeast is the time between two rounds however much changes.
const atLeast = gossip.Period / 4

// Cluster is the table of nodes, as far as it is needed here.
type Cluster interface {
	Some(k int) []config.Peer // of the others that may be up, chosen at random
	Tell(to config.Peer, kind member.Kind, payload []byte) error
	Node(number int) (roster.Node, bool)
}

// Options are what a Service needs.
type Options struct {
	// Own gives the node's figures of now, all but instance and sequence.
	Own     func() load.Report
	Cluster Cluster
	Log     *slog.Logger
}

// Service is the information of one node.
type Service struct {
	o        Options
	instance uint32
	begun    time.Time
	changed  chan struct{} // one place: the own figures are to be looked at

	mu       sync.Mutex
	window   *gossip.Window
	sequence uint32
	told     load.Report // last
}

// New makes a service that knows nothing yet.
func New(o Options) *Service {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails
	return &Service{o: o, instance: binary.BigEndian.Uint32(b[:]), begun: time.Now(),
		changed: make(chan struct{}, 1), window: gossip.New(gossip.Capacity)}
}

// now is the window's clock.
func (s *Service) now() time.Duration { return time.Since(s.begun) }

// Run tells others until ctx ends.
func (s *Service) Run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var last time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-s.changed:
			if !s.worthTelling() {
				continue
			}
			if wait := atLeast - time.Since(last); wait > 0 {
				timer.Reset(wait)
				continue
			}
		}
		s.round()
		last = time.Now()
		timer.Reset(gossip.Period*9/10 + mathrand.N(gossip.Period/5))
	}
}

// round measures, and tells some others the freshest of what is known.
func (s *Service) round() {
	report := s.o.Own().Bounded()
	s.mu.Lock()
	s.told = report
	s.sequence++
	report.Instance, report.Sequence = s.instance, s.sequence
	if report.Quiet {
		report = report.Hushed()
	}
	s.window.Own(report, s.now())
	message := s.window.Message(member.MaxPayload, s.now())
	s.mu.Unlock()
	for _, to := range s.o.Cluster.Some(gossip.FanOut) {
		if err := s.o.Cluster.Tell(to, member.Load, message); err != nil {
			s.o.Log.Debug("load information not sent", "node", to.Number, "error", err)
		}
	}
}

// Changed has the figures of this node looked at: if they differ much from
// those told last, others are told at once.
func (s *Service) Changed() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (s *Service) worthTelling() bool {
	now := s.o.Own().Bounded()
	s.mu.Lock()
	defer s.mu.Unlock()
	return differ(s.told, now)
}

// differ tells whether a report says something else than another: a thread more
// or less that wants a CPU, an eighth of the memory, a guest, a setting.
func differ(a, b load.Report) bool {
	apart := func(a, b uint64) uint64 { return max(a, b) - min(a, b) }
	switch {
	case a.Demand-b.Demand >= 1 || b.Demand-a.Demand >= 1,
		apart(a.MemFree, b.MemFree) > b.MemTotal/8,
		a.Guests != b.Guests, a.MaxGuests != b.MaxGuests,
		a.Speed != b.Speed, a.CPUs != b.CPUs,
		a.Accepting != b.Accepting, a.Stay != b.Stay, a.LStay != b.LStay, a.Quiet != b.Quiet, a.NoMFS != b.NoMFS, a.Closed != b.Closed:
		return true
	}
	return false
}

// Heard takes in a packet of another node.
func (s *Service) Heard(payload []byte) {
	known, err := gossip.Decode(payload)
	if err != nil {
		s.o.Log.Debug("load information is not understood", "error", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window.Hear(known, s.now())
}
