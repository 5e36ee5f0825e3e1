package membership

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"openmosix/internal/node/config"
)

const (
	// lookEvery is how often the names of hosts in the configuration are looked up.
	lookEvery = 5 * time.Second
	// maxLooking bounds how many are at the same time.
	maxLooking = 16
)

// host is what is known of a host that the configuration names.
type host struct {
	addresses []netip.Addr // as last found
	silent    bool         // it was not found, and the log has said so
}

// hostsOf are the hosts of the seeds and peers, names and addresses.
func hostsOf(c config.Config) []string {
	var out []string
	take := func(address string) {
		if name, _, err := net.SplitHostPort(address); err == nil && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, s := range c.Discovery.Seeds {
		take(s)
	}
	for _, p := range c.Peers {
		take(p.Address)
	}
	return out
}

// lookUp keeps the addresses of named hosts until ctx ends. Whoever asks for them gets what
// is known: a name server that does not answer takes seconds each time.
func (t *Table) lookUp(ctx context.Context) {
	for {
		t.mu.Lock()
		c := t.settings
		t.mu.Unlock()
		slots := make(chan struct{}, maxLooking)
		var looking sync.WaitGroup
		for _, name := range hostsOf(c) {
			if _, err := netip.ParseAddr(name); err == nil {
				continue
			}
			slots <- struct{}{}
			looking.Go(func() {
				defer func() { <-slots }()
				found, err := t.o.LookUp(ctx, name)
				if ctx.Err() == nil {
					t.found(name, found, err)
				}
			})
		}
		looking.Wait()
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookEvery):
		}
	}
}

// found notes what a name stands for. One that is not found now keeps what it had.
func (t *Table) found(name string, addresses []netip.Addr, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.hosts[name]
	if err != nil {
		if !h.silent {
			t.o.Log.Warn("a host that the configuration names is not found; trying on", "host", name, "error", err)
		}
		h.silent = true
		t.hosts[name] = h
		return
	}
	for i := range addresses {
		addresses[i] = addresses[i].Unmap().WithZone("")
	}
	slices.SortFunc(addresses, netip.Addr.Compare) // name servers give them by turns
	if !slices.Equal(addresses, h.addresses) {
		t.networks = networks{}
	}
	if h.silent {
		t.o.Log.Info("a host that the configuration names is found now", "host", name, "addresses", addresses)
	}
	t.hosts[name] = host{addresses: addresses}
}

// addressesOf gives what is known of hosts. Precondition: mu is held.
func (t *Table) addressesOf(hosts []string) []netip.Addr {
	var out []netip.Addr
	for _, name := range hosts {
		if a, err := netip.ParseAddr(name); err == nil {
			out = append(out, a.Unmap().WithZone(""))
		} else {
			out = append(out, t.hosts[name].addresses...)
		}
	}
	return out
}
