package cluster

import (
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const (
	bridgeName = "lab0"
	nodeLink   = "eth0"
)

// makeBridge makes the bridge that joins the nodes.
// Precondition: this process is in a network namespace of its own (the hub's).
func makeBridge() error {
	attrs := netlink.NewLinkAttrs()
	attrs.Name = bridgeName
	bridge := &netlink.Bridge{LinkAttrs: attrs}
	if err := netlink.LinkAdd(bridge); err != nil {
		return fmt.Errorf("make bridge: %w", err)
	}
	if err := netlink.LinkSetUp(bridge); err != nil {
		return fmt.Errorf("set bridge up: %w", err)
	}
	return nil
}

// connectNode joins the network namespace of process pid to the bridge.
func connectNode(node, pid int) error {
	bridge, err := netlink.LinkByName(bridgeName)
	if err != nil {
		return fmt.Errorf("find bridge: %w", err)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name = fmt.Sprintf("node%d", node)
	attrs.MasterIndex = bridge.Attrs().Index
	veth := &netlink.Veth{LinkAttrs: attrs, PeerName: nodeLink, PeerNamespace: netlink.NsPid(pid)}
	if err := netlink.LinkAdd(veth); err != nil {
		return fmt.Errorf("make veth pair: %w", err)
	}
	if err := netlink.LinkSetUp(veth); err != nil {
		return fmt.Errorf("set veth up: %w", err)
	}
	return nil
}

// configureLinks is connectNode's counterpart inside the node.
func configureLinks(address string) error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo: %w", err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("set lo up: %w", err)
	}
	link, err := netlink.LinkByName(nodeLink)
	if err != nil {
		return fmt.Errorf("find %s: %w", nodeLink, err)
	}
	ip := net.ParseIP(address)
	addr := &netlink.Addr{IPNet: &net.IPNet{IP: ip, Mask: net.CIDRMask(prefixLength, 32)}}
	if err := netlink.AddrAdd(link, addr); err != nil {
		return fmt.Errorf("set address %s: %w", address, err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("set %s up: %w", nodeLink, err)
	}
	// There is no default route, and multicast without a route is ENETUNREACH.
	_, multicast, _ := net.ParseCIDR("224.0.0.0/4")
	route := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: multicast, Scope: unix.RT_SCOPE_LINK}
	if err := netlink.RouteAdd(route); err != nil {
		return fmt.Errorf("add multicast route: %w", err)
	}
	return nil
}
