package cluster

import (
	"fmt"
	"net"

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

// connectNode joins the network namespace of process pid to the node's networks.
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
		if err := configureLink(linkOf(i), addressIn(network, n.Number), i); err != nil {
			return err
		}
	}
	return nil
}

func configureLink(name, address string, priority int) error {
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
	// There is no default route, and multicast without a route is ENETUNREACH.
	_, multicast, _ := net.ParseCIDR("224.0.0.0/4")
	route := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: multicast, Scope: unix.RT_SCOPE_LINK, Priority: priority}
	if err := netlink.RouteAdd(route); err != nil {
		return fmt.Errorf("add multicast route: %w", err)
	}
	return nil
}
