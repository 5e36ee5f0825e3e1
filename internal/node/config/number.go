package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
)

// Complete fills in what depends on the machine: number and name.
func (c Config) Complete() (Config, error) {
	if c.Name == "" {
		name, err := os.Hostname()
		if err != nil {
			return Config{}, fmt.Errorf("find host name: %w", err)
		}
		c.Name = name
	}
	if c.Number == 0 {
		number, err := defaultNumber(c.Listen)
		if err != nil {
			return Config{}, fmt.Errorf("number is not configured and cannot be derived: %w", err)
		}
		c.Number = number
	}
	return c, nil
}

// defaultNumber is the low 16 bits of the IPv4 address: the one listened on,
// else the machine's first.
func defaultNumber(listen string) (int, error) {
	if own, err := netip.ParseAddrPort(listen); err == nil && own.Addr().Unmap().Is4() && !own.Addr().IsUnspecified() {
		return numberOf(own.Addr().Unmap()), nil
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return 0, fmt.Errorf("list addresses: %w", err)
	}
	for _, a := range addrs {
		prefix, err := netip.ParsePrefix(a.String())
		if err == nil && prefix.Addr().Is4() && prefix.Addr().IsGlobalUnicast() && numberOf(prefix.Addr()) != 0 {
			return numberOf(prefix.Addr()), nil
		}
	}
	return 0, errors.New("this machine has no IPv4 address; set number in the configuration")
}

func numberOf(a netip.Addr) int {
	b := a.As4()
	return int(b[2])<<8 | int(b[3])
}
