package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/trust"

	"golang.org/x/sys/unix"
)

// accepted is what a server sends first inside TLS. In TLS 1.3 a client's
// handshake ends before the server has looked at the client's certificate;
// waiting for this byte turns a refusal into an error of Dial instead of one of
// some later read.
const accepted = 'k'

// Dial connects to the daemon at the end of a way (s == nil) or to the guest
// supervisor of session s behind it, and proves both sides to each other. It
// takes at most HandshakeTimeout, less if ctx ends before.
func Dial(ctx context.Context, way Way, s *supervisor.Session, id supervisor.Identity, want trust.Role) (*tls.Conn, error) {
	if s == nil {
		return dial(ctx, way, Preface{Kind: ToDaemon}, id, want)
	}
	return dial(ctx, way, Preface{Kind: ToSession, Session: *s}, id, want)
}

// DialGossip connects to the membership of the daemon at the end of a way, as
// Dial does.
func DialGossip(ctx context.Context, way Way, id supervisor.Identity) (*tls.Conn, error) {
	return dial(ctx, way, Preface{Kind: ToGossip}, id, trust.Daemon)
}

func dial(ctx context.Context, way Way, preface Preface, id supervisor.Identity, want trust.Role) (*tls.Conn, error) {
	config, err := tlsConfig(id, want)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, HandshakeTimeout)
	defer cancel()
	raw, err := Connect(ctx, way)
	if err != nil {
		return nil, err
	}
	conn, err := dialOver(ctx, raw, preface, config)
	if err != nil {
		raw.Close()
		if late := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded); late && ctx.Err() != context.Canceled {
			err = errMute
		}
		return nil, fmt.Errorf("connect to node at %s: %w", way, err)
	}
	return conn, nil
}

// errMute is told of who says nothing: the kernel takes a connection for a process that stands still, too.
var errMute = errors.New("it has taken the connection, but does not answer (does its openMosix stand still, or something else listen there?)")

func dialOver(ctx context.Context, raw net.Conn, preface Preface, config *tls.Config) (*tls.Conn, error) {
	stop, err := limit(ctx, raw)
	if err != nil {
		return nil, err
	}
	defer stop()
	if _, err := raw.Write(preface.encode()); err != nil {
		return nil, fmt.Errorf("send preface: %w", err)
	}
	conn := tls.Client(&gathered{Conn: raw}, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	var b [1]byte
	if _, err := conn.Read(b[:]); err != nil {
		return nil, fmt.Errorf("refused by the other side: %w", err)
	}
	if b[0] != accepted {
		return nil, ErrNotOurs
	}
	if !stop() {
		return nil, context.Cause(ctx)
	}
	return conn, conn.SetDeadline(time.Time{})
}

// Server is the other side of Dial, after the preface. It owns conn: on an
// error conn is closed.
func Server(conn net.Conn, id supervisor.Identity, want trust.Role) (*tls.Conn, error) {
	server, err := serve(conn, id, want)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return server, nil
}

func serve(conn net.Conn, id supervisor.Identity, want trust.Role) (*tls.Conn, error) {
	config, err := tlsConfig(id, want)
	if err != nil {
		return nil, err
	}
	tune(conn)
	if err := conn.SetDeadline(time.Now().Add(HandshakeTimeout)); err != nil {
		return nil, fmt.Errorf("set deadline: %w", err)
	}
	server := tls.Server(&gathered{Conn: conn}, config)
	if err := server.Handshake(); err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	if _, err := server.Write([]byte{accepted}); err != nil {
		return nil, fmt.Errorf("end handshake: %w", err)
	}
	return server, server.SetDeadline(time.Time{})
}

// PeerOf tells who is at the other end of an established connection.
func PeerOf(conn *tls.Conn) (trust.Name, error) {
	chain := conn.ConnectionState().PeerCertificates
	if len(chain) == 0 {
		return trust.Name{}, errors.New("connection is not authenticated")
	}
	return trust.NameOf(chain[0])
}

// tlsConfig replaces the Web's rules (host names, system roots) by the
// cluster's: signed by its CA, whenever, in the role we want to talk to.
func tlsConfig(id supervisor.Identity, want trust.Role) (*tls.Config, error) {
	key, err := x509.ParsePKCS8PrivateKey(id.Key)
	if err != nil {
		return nil, fmt.Errorf("read own key: %w", err)
	}
	return &tls.Config{
		Certificates:           []tls.Certificate{{Certificate: [][]byte{id.Certificate}, PrivateKey: key}},
		MinVersion:             tls.VersionTLS13,
		InsecureSkipVerify:     true, // VerifyConnection below decides; possession of the key is always checked
		ClientAuth:             tls.RequireAnyClientCert,
		SessionTicketsDisabled: true,
		// Short records only delay the first kilobytes of an image.
		DynamicRecordSizingDisabled: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			return verifyPeer(state, id.Authority, want)
		},
	}, nil
}

func verifyPeer(state tls.ConnectionState, authority []byte, want trust.Role) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("peer shows no certificate")
	}
	name, err := trust.Verify(authority, state.PeerCertificates[0].Raw)
	if err != nil {
		return err
	}
	if name.Role != want {
		return fmt.Errorf("peer is %s, a %s was expected", name, want)
	}
	return nil
}

// unsent is how much the kernel may hold of a connection that it cannot send yet (tcp(7)): without a bound it is
// megabytes, behind which small messages wait, on a slow way for long.
const unsent = 128 << 10

// tune sets what the small messages of forwarded calls need, and notices a
// dead peer within half a minute. While something is not acknowledged the kernel
// sends no probe, but tries for a quarter of an hour (tcp(7), tcp_retries2): a Pace
// bounds that too.
func tune(conn net.Conn) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	tcp.SetNoDelay(true)
	tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 4})
	if raw, err := tcp.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsent) })
	}
}
