package cluster

import (
	"fmt"
	"net"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// bridgeOf is the name of the bridge that is a network of the lab.
func bridgeOf(network rune) string { return "lab-" + string(network) }

// linkOf is the name, in a node, of the link to the nth of its networks.
func linkOf(n int) string { return fmt.Sprintf("eth%d", n) }

// makeBridge makes the bridge that joins the nodes of a network.
// Precondition: this process is in a network namespace of its own (the hub's).
func makeBridge(network rune) error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = bridgeOf(network)
	bridge := &netlink.Bridge{LinkAttrs: attrs}
	if err := netlink.LinkAdd(bridge); err != nil {
		return fmt.Errorf("make bridge: %w", err)
	}
	if err := netlink.LinkSetUp(bridge); err != nil {
		return fmt.Errorf("set bridge up: %w", err)
	}
	return nil
}

// connectNode joins the network namespace of process pid to the node's networks. What
// goes to it is held to its rate here; what it sends, in the node.
func connectNode(n *NodeState, pid int) error {
	for i, network := range n.Networks {
		bridge, err := netlink.LinkByName(bridgeOf(network))
		if err != nil {
			return fmt.Errorf("find bridge: %w", err)
		}
		attrs := netlink.NewLinkAttrs()
		attrs.Name = fmt.Sprintf("node%d%c", n.Number, network)
		attrs.MasterIndex = bridge.Attrs().Index
		veth := &netlink.Veth{LinkAttrs: attrs, PeerName: linkOf(i), PeerNamespace: netlink.NsPid(pid)}
		if err := netlink.LinkAdd(veth); err != nil {
			return fmt.Errorf("make veth pair: %w", err)
		}
		if err := netlink.LinkSetUp(veth); err != nil {
			return fmt.Errorf("set veth up: %w", err)
		}
		if err := limitRate(veth, n.Rate); err != nil {
			return err
		}
	}
	return nil
}

// queued is for how long a link may hold what it cannot send yet, as a switch does; it drops what is more.
const queued = 20 * time.Millisecond

// limitRate holds what leaves by a link to so many Mbit/s (tc-tbf(8)).
func limitRate(link netlink.Link, mbit int) error {
	if mbit == Unlimited {
		return nil
	}
	bytes := uint64(mbit) * 1e6 / 8 // each second
	// At least one of the largest packets that the stack makes, and what passes in a millisecond, as the kernel looks no more often.
	burst := max(96<<10, bytes/1000)
	bucket := &netlink.Tbf{
		QdiscAttrs: netlink.QdiscAttrs{LinkIndex: link.Attrs().Index, Handle: netlink.MakeHandle(1, 0), Parent: netlink.HANDLE_ROOT},
		Rate:       bytes, Buffer: uint32(float64(burst) / float64(bytes) * 1e6 * netlink.TickInUsec()),
		Limit: uint32(burst + bytes*uint64(queued)/uint64(time.Second)),
	}
	if err := netlink.QdiscAdd(bucket); err != nil {
		return fmt.Errorf("limit the link to %d Mbit/s (the kernel needs sch_tbf): %w", mbit, err)
	}
	return nil
}

// configureLinks is connectNode's counterpart inside the node.
func configureLinks(n NodeState) error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo: %w", err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	for i, network := range n.Networks {
		if err := configureLink(linkOf(i), addressIn(network, n.Number), i, n.Rate); err != nil {
			return err
		}
	}
	return nil
}

func configureLink(name, address string, priority, mbit int) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return fmt.Errorf("find %s: %w", name, err)
	}
	addr := &netlink.Addr{IPNet: &net.IPNet{IP: net.ParseIP(address), Mask: net.CIDRMask(prefixLength, 32)}}
	if err := netlink.AddrAdd(link, addr); err != nil {
		return fmt.Errorf("set address %s: %w", address, err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("set %s up: %w", name, err)
	}
	if err := limitRate(link, mbit); err != nil {
		return err
	}
	// There is no default route, and multicast without a route is ENETUNREACH.
	_, multicast, _ := net.ParseCIDR("224.0.0.0/4")
	route := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: multicast, Scope: unix.RT_SCOPE_LINK, Priority: priority}
	if err := netlink.RouteAdd(route); err != nil {
		return fmt.Errorf("add multicast route: %w", err)
	}
	return nil
}
