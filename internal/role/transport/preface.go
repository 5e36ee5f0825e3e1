// Package transport connects nodes: TLS 1.3 with both sides proven to hold the
// cluster key, over one TCP port per node, and frames on top of it.
//
//	dialer                                   node daemon            guest supervisor
//	TCP connect, preface (21 bytes, plain) ─►│ kind daemon: serves it itself
//	                                         │ kind gossip: the same, for membership
//	                                         │ kind relay: see below
//	                                         │ kind session: passes the socket on ──► │
//	TLS handshake ◄──────────────────────────┴────────────────────────────────────────┘
//	◄── one byte inside TLS: the server has accepted the client's certificate
//
// The preface is not authenticated and grants nothing but a handshake with the
// addressee. It stands before the handshake so that the daemon can give the
// connection away: the process that serves a session holds the only keys of it.
//
// A node in another network is reached through a relay. Its daemon has been
// asked for a pass, which stands in a first preface; it connects to the node
// the pass is for, says so by one byte, and from then on everything, the second
// preface first, goes end to end: a relay has none of the keys.
//
// Not here: who gets a pass, who may do what after the handshake, and what the frames mean.
package transport

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"openmosix/internal/model/supervisor"
)

// DefaultPort is the TCP port of a node daemon.
const DefaultPort = 7779

// HandshakeTimeout bounds everything up to an established connection.
const HandshakeTimeout = 5 * time.Second

const (
	magic       = "oMx2"
	prefaceSize = len(magic) + 1 + len(supervisor.Session{})
)

// Kind says whom the dialer wants.
type Kind uint8

const (
	ToDaemon  Kind = 0
	ToSession Kind = 1
	ToGossip  Kind = 2 // the membership protocol of the daemon
	ToRelay   Kind = 3 // another node, by a pass
)

// Preface is the first thing a dialer says.
type Preface struct {
	Kind    Kind
	Session supervisor.Session // only for ToSession; for ToRelay the pass
}

// ErrNotOurs means that the other side does not speak this protocol.
var ErrNotOurs = errors.New("does not speak the openMosix protocol")

func (p Preface) encode() []byte {
	b := append(make([]byte, 0, prefaceSize), magic...)
	b = append(b, byte(p.Kind))
	return append(b, p.Session[:]...)
}

func decodePreface(b []byte) (Preface, error) {
	if len(b) != prefaceSize || string(b[:len(magic)]) != magic {
		return Preface{}, ErrNotOurs
	}
	p := Preface{Kind: Kind(b[len(magic)])}
	copy(p.Session[:], b[len(magic)+1:])
	named := p.Kind == ToSession || p.Kind == ToRelay
	if p.Kind > ToRelay || named == (p.Session == supervisor.Session{}) {
		return Preface{}, ErrNotOurs
	}
	return p, nil
}

// ReadPreface reads the preface and not a byte more: what follows belongs to
// the handshake, perhaps in another process. The deadline is left on conn.
func ReadPreface(conn net.Conn, deadline time.Time) (Preface, error) {
	if err := conn.SetDeadline(deadline); err != nil {
		return Preface{}, fmt.Errorf("set deadline: %w", err)
	}
	var b [prefaceSize]byte
	if _, err := io.ReadFull(conn, b[:]); err != nil {
		return Preface{}, fmt.Errorf("read preface: %w", err)
	}
	return decodePreface(b[:])
}
