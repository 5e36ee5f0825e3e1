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
	ended   chan struct{}
	end     sync.Once
	reading sync.WaitGroup

	mu     sync.Mutex // sealer
	sealer *seal.Sealer
}

func newWires(o Options, salt seal.Salt) (*wires, error) {
	address, err := net.ResolveUDPAddr("udp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for gossip: %w", err)
	}
	socket, err := net.ListenUDP("udp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for gossip: %w", err)
	}
	w := &wires{
		o: o, socket: socket, sealer: seal.NewSealer(salt), ended: make(chan struct{}),
		packets: make(chan *memberlist.Packet, 64), streams: make(chan net.Conn),
	}
	w.reading.Go(w.receive)
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
	secrets := w.o.Secrets()
	if len(secrets) == 0 {
		return time.Time{}, errors.New("send packet: no cluster key is valid now")
	}
	w.mu.Lock()
	packet := w.sealer.Seal(secrets[0], time.Now(), b)
	w.mu.Unlock()
	_, err = w.socket.WriteToUDPAddrPort(packet, to)
	return time.Now(), err
}

func (w *wires) PacketCh() <-chan *memberlist.Packet { return w.packets }

// receive opens what comes in. It ends with the socket.
func (w *wires) receive() {
	opener := &seal.Opener{}
	buffer := make([]byte, maxPacket)
	for {
		n, from, err := w.socket.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an earlier packet was not delivered, which is what packets are
		}
		now := time.Now()
		source := from.Addr().Unmap()
		if !w.o.Allowed(source) {
			w.o.Refused(source, transport.ErrOtherNetwork)
			continue
		}
		payload, _, err := opener.Open(w.o.Secrets(), now, buffer[:n])
		if err != nil {
			w.o.Refused(source, fmt.Errorf("gossip packet: %w", err))
			continue
		}
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

func (w *wires) DialTimeout(address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
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
	var err error
	w.end.Do(func() {
		close(w.ended)
		err = w.socket.Close()
		w.reading.Wait()
	})
	return err
}

// lines turns memberlist's log lines ("[WARN] memberlist: …") into ours, one
// level lower: what matters of them comes as events.
type lines struct{ log *slog.Logger }

func (l lines) Write(line []byte) (int, error) {
	text := bytes.TrimSpace(line)
	level := slog.LevelDebug
	if bytes.HasPrefix(text, []byte("[ERR]")) {
		level = slog.LevelInfo
	}
	if i := bytes.Index(text, []byte("memberlist: ")); i >= 0 {
		text = text[i+len("memberlist: "):]
	}
	l.log.Log(context.Background(), level, "membership", "says", string(text))
	return len(line), nil
}
