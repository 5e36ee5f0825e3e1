package member

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"

	"openmosix/internal/model/seal"
	"openmosix/internal/model/topology"
	"openmosix/internal/role/transport"
)

// maxPacket is the largest UDP payload.
const maxPacket = 65507

// wires carries memberlist's traffic. It implements memberlist.Transport.
type wires struct {
	o       Options
	socket  *net.UDPConn
	packets chan *memberlist.Packet
	streams chan net.Conn
	life    context.Context // ends with Shutdown
	end     context.CancelFunc
	ended   <-chan struct{} // by life
	reading sync.WaitGroup

	salt   seal.Salt
	mu     sync.Mutex // sealer
	sealer *seal.Sealer
}

func newWires(o Options, salt seal.Salt, runs func(seal.Salt, time.Duration) bool) (*wires, error) {
	address, err := net.ResolveUDPAddr("udp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for gossip: %w", err)
	}
	socket, err := net.ListenUDP("udp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for gossip: %w", err)
	}
	w := &wires{
		o: o, socket: socket, salt: salt, sealer: seal.NewSealer(salt),
		packets: make(chan *memberlist.Packet, 64), streams: make(chan net.Conn),
	}
	w.life, w.end = context.WithCancel(context.Background())
	w.ended = w.life.Done()
	w.reading.Go(func() { w.receive(&seal.Opener{Runs: runs}) })
	return w, nil
}

// FinalAdvertiseAddr is what the configuration says; memberlist has it already.
func (w *wires) FinalAdvertiseAddr(string, int) (net.IP, int, error) {
	a := w.o.Self.Address
	return net.IP(a.Addr().AsSlice()), int(a.Port()), nil
}

func (w *wires) WriteTo(b []byte, address string) (time.Time, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return time.Time{}, fmt.Errorf("send packet: %w", err)
	}
	packet, err := w.seal(append([]byte{forYou}, b...))
	if err != nil {
		return time.Time{}, err
	}
	if err := w.send(w.o.Way(to), to, topology.MaxGateways-1, packet); err != nil {
		return time.Time{}, err
	}
	return w.o.Now(), nil
}

// send puts a sealed packet on its way; left is how many relays there may be
// after the first.
func (w *wires) send(way topology.Way, to netip.AddrPort, left int, packet []byte) error {
	if way.Relay != 0 {
		var err error
		if packet, err = w.seal(onward{to: to, left: left, packet: packet}.encode()); err != nil {
			return err
		}
	}
	_, err := w.socket.WriteToUDPAddrPort(packet, way.Address)
	return err
}

func (w *wires) PacketCh() <-chan *memberlist.Packet { return w.packets }

func (w *wires) seal(payload []byte) ([]byte, error) {
	secrets := w.o.Secrets()
	if len(secrets) == 0 {
		return nil, errors.New("send packet: no cluster key is valid now")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sealer.Seal(secrets[0], w.o.Now(), payload), nil
}

// receive opens what comes in. It ends with the socket.
func (w *wires) receive(opener *seal.Opener) {
	buffer := make([]byte, maxPacket)
	for {
		n, from, err := w.socket.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an earlier packet was not delivered, which is what packets are
		}
		now := w.o.Now()
		source := from.Addr().Unmap()
		if !w.o.Allowed(source) {
			w.o.Refused(source, transport.ErrOtherNetwork)
			continue
		}
		payload, by, err := opener.Open(w.o.Secrets(), now, buffer[:n])
		switch {
		case err == nil && by == w.salt:
			err = seal.ErrReplayed // its own, sent back
		case err == nil && len(payload) == 0:
			err = errEmpty
		}
		if err != nil {
			w.o.Refused(source, fmt.Errorf("gossip packet: %w", err))
			continue
		}
		if payload[0] != forYou {
			w.passOn(source, payload)
			continue
		}
		payload = payload[1:]
		if w.ours(payload) || !w.o.members {
			continue
		}
		p := &memberlist.Packet{Buf: payload, From: net.UDPAddrFromAddrPort(netip.AddrPortFrom(source, from.Port())), Timestamp: now}
		select {
		case w.packets <- p:
		case <-w.ended:
			return
		}
	}
}

// passOn is the relay's work. What it does not pass on is lost, as packets are.
func (w *wires) passOn(source netip.Addr, payload []byte) {
	o, err := decodeOnward(payload)
	if err != nil {
		w.o.Refused(source, fmt.Errorf("gossip packet: %w", err))
		return
	}
	way, err := w.o.PassOn(o.to, o.left)
	if err == nil {
		err = w.send(way, o.to, o.left-1, o.packet)
	}
	if err != nil {
		w.o.Log.Debug("packet not passed on", "from", source, "to", o.to, "why", err)
	}
}

func (w *wires) DialTimeout(address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(w.life, timeout)
	defer cancel()
	return w.o.Dial(ctx, address)
}

func (w *wires) StreamCh() <-chan net.Conn { return w.streams }

func (w *wires) take(conn net.Conn) {
	select {
	case w.streams <- conn:
	case <-w.ended:
		conn.Close()
	}
}

func (w *wires) Shutdown() error {
	w.end()
	err := w.socket.Close()
	w.reading.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil // it was shut down before
	}
	return err
}

// lines turns memberlist's log lines ("[WARN] memberlist: …") into ours, for
// those who debug: what matters of them comes as events.
type lines struct{ log *slog.Logger }

func (l lines) Write(line []byte) (int, error) {
	text := bytes.TrimSpace(line)
	if i := bytes.Index(text, []byte("memberlist: ")); i >= 0 {
		text = text[i+len("memberlist: "):]
	}
	l.log.Debug("membership", "says", string(text))
	return len(line), nil
}
