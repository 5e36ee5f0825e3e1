package discovery

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"
)

// family is a version of the Internet protocol.
type family int

const (
	four family = 4
	six  family = 6
)

func (f family) network() string { return "udp" + strconv.Itoa(int(f)) }

// isOn tells whether an interface has an address of the family. Without one the
// kernel would send from 0.0.0.0, and others would wonder who that is.
func (f family) isOn(i net.Interface) bool {
	addresses, err := i.Addrs()
	if err != nil {
		return false
	}
	return slices.ContainsFunc(addresses, func(a net.Addr) bool {
		p, err := netip.ParsePrefix(a.String())
		return err == nil && p.Addr().Is4() == (f == four)
	})
}

// group is where beacons go. In IPv6 the scope is part of the address; in IPv4
// 239.0.0.0/8 is for a site and the TTL limits the rest.
func (f family) group(ttl int) netip.Addr {
	switch {
	case f == four:
		return netip.AddrFrom4([4]byte{239, 77, 79, 88})
	case ttl > 1:
		return netip.MustParseAddr("ff05::6d6f:7378")
	}
	return netip.MustParseAddr("ff02::6d6f:7378")
}

// socket sends and receives beacons of one family.
type socket struct {
	family family
	port   int
	conn   *net.UDPConn
	four   *ipv4.PacketConn
	six    *ipv6.PacketConn
	joined map[joined]bool
}

// joined is a membership; interfaces that went and came back have a new index.
type joined struct {
	group netip.Addr
	index int
}

func open(f family, port int) (*socket, error) {
	// Several nodes of a test, and omdiscd's heirs, may share the port.
	config := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		var failed error
		err := raw.Control(func(fd uintptr) {
			failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
		})
		if err != nil {
			return err
		}
		return failed
	}}
	conn, err := config.ListenPacket(context.Background(), f.network(), ":"+strconv.Itoa(port))
	if err != nil {
		return nil, fmt.Errorf("open socket for beacons: %w", err)
	}
	s := &socket{family: f, port: port, conn: conn.(*net.UDPConn), joined: make(map[joined]bool)}
	if f == four {
		s.four = ipv4.NewPacketConn(conn)
	} else {
		s.six = ipv6.NewPacketConn(conn)
	}
	return s, nil
}

// join makes sure that beacons of an interface are heard.
func (s *socket) join(i net.Interface, group netip.Addr) error {
	key := joined{group, i.Index}
	if s.joined[key] {
		return nil
	}
	to := &net.UDPAddr{IP: group.AsSlice()}
	var err error
	if s.family == four {
		err = s.four.JoinGroup(&i, to)
	} else {
		err = s.six.JoinGroup(&i, to)
	}
	if err != nil {
		return fmt.Errorf("hear multicast on %s: %w", i.Name, err)
	}
	s.joined[key] = true
	return nil
}

func (s *socket) send(i net.Interface, ttl int, packet []byte) error {
	group := s.family.group(ttl)
	if err := s.join(i, group); err != nil {
		return err
	}
	to := &net.UDPAddr{IP: group.AsSlice(), Port: s.port}
	var err error
	if s.family == four {
		if err = s.four.SetMulticastTTL(ttl); err == nil {
			_, err = s.four.WriteTo(packet, &ipv4.ControlMessage{IfIndex: i.Index}, to)
		}
	} else {
		to.Zone = i.Name
		_, err = s.six.WriteTo(packet, &ipv6.ControlMessage{IfIndex: i.Index, HopLimit: ttl}, to)
	}
	if err != nil {
		return fmt.Errorf("send beacon on %s: %w", i.Name, err)
	}
	return nil
}

func (s *socket) receive(buffer []byte) (int, netip.Addr, error) {
	n, from, err := s.conn.ReadFromUDPAddrPort(buffer)
	return n, from.Addr(), err
}

func (s *socket) close() { s.conn.Close() }
