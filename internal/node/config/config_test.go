package config

import (
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"openmosix/internal/model/nodemap"
)

func TestParse(t *testing.T) {
	c, err := Parse([]byte(`
number = 1
name = "one"
listen = "10.77.0.1:9000"
log = "debug"
[guests]
max = 3
[[peer]]
number = 2
address = "10.77.0.2"
[[peer]]
number = 3
name = "three"
address = "[fd00::3]:99"
`))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	if c.Guests.Max != 3 || !c.Guests.Accept || c.Guests.UIDBase != Default().Guests.UIDBase {
		t.Errorf("defaults and settings are not merged: %+v", c.Guests)
	}
	if c.Peers[0].Address != "10.77.0.2:7779" || c.Peers[1].Address != "[fd00::3]:99" || c.Peers[1].Name != "three" {
		t.Errorf("peers: %+v", c.Peers)
	}
}

func TestParseNamesThePlaceOfAMistake(t *testing.T) {
	for text, want := range map[string]string{
		"number = 1\nnumbr = 2":                     `line 2: unknown setting "numbr"`,
		"\n\n[guests]\nmaximum = 1":                 `line 4: unknown setting "guests.maximum"`,
		"[[peer]]\nnumber = 1\nadress='x'":          `line 3: unknown setting "peer.adress"`,
		"number = 1\nname = ":                       "line 2",
		"number = 1\nlisten = 5":                    `line 2: listen: expected text in quotes, as "this"`,
		"number = 1\nmigrate = 1":                   "line 2: migrate: expected true or false",
		"[guests]\nmax = \"9\"":                     "line 2: guests.max: expected a whole number",
		"still_seconds = 1.5":                       "line 1: still_seconds: expected a whole number",
		"[guests]\nload_limit = \"1\"":              "line 2: guests.load_limit: expected a number",
		"[guests]\nspare_mib = -3":                  "line 2: guests.spare_mib: expected a number from 0 on",
		"[discovery]\nseeds = \"a\"":                `line 2: discovery.seeds: expected a list`,
		"number = 1\nnumber = 99999999999999999999": "line 2",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// A user whose name is misspelt would be balanced against the administrator's will, without a word.
func TestDoubts(t *testing.T) {
	c := Default()
	c.Balance.Users, c.Balance.ExcludeUsers = []string{"*", "1234", "root"}, []string{"root", "no-such-user"}
	if got := c.Doubts(); len(got) != 1 || got[0] != `balance.exclude_users: there is no user "no-such-user" here` {
		t.Errorf("%q", got)
	}
}

func TestCheck(t *testing.T) {
	for want, spoil := range map[string]func(*Config){
		"number":            func(c *Config) { c.Number = 70000 },
		"listen":            func(c *Config) { c.Listen = "10.0.0.1" },
		":99999":            func(c *Config) { c.Listen = ":99999" },
		"metrics":           func(c *Config) { c.Metrics = "127.0.0.1:x" },
		"run_dir":           func(c *Config) { c.RunDir = "/run/" + strings.Repeat("x", 90) },
		"log":               func(c *Config) { c.Log = "loud" },
		"max":               func(c *Config) { c.Guests.Max = 0 },
		"cgroup":            func(c *Config) { c.Guests.CGroup = "../x" },
		"weight":            func(c *Config) { c.Guests.Weight = -1 },
		"percent":           func(c *Config) { c.Guests.CPUPercent = 101 },
		"each_pids":         func(c *Config) { c.Guests.EachPIDs = 63 },
		"hours":             func(c *Config) { c.Guests.Hours = "Mon 8-9" },
		"seconds":           func(c *Config) { c.Guests.OwnerSeconds = 0 },
		"idle":              func(c *Config) { c.Guests.OwnerIdleMinutes = -1 },
		"uid_base":          func(c *Config) { c.Guests.UIDBase = 0 },
		"guests.load_limit": func(c *Config) { c.Guests.LoadLimit = math.NaN() },
		"guests.oom":        func(c *Config) { c.Guests.OOM = "last" },
		"disclosure":        func(c *Config) { c.Disclosure = 4 },
		"twice":             func(c *Config) { c.Peers = []Peer{{2, "", "a:1"}, {2, "", "b:1"}} },
		"address":           func(c *Config) { c.Peers = []Peer{{Number: 2}} },
		"advertise":         func(c *Config) { c.Advertise = "host" },
		"networks":          func(c *Config) { c.Networks = []string{"10.0.0.0/33"} },
		"ttl":               func(c *Config) { c.Discovery.TTL = 0 },
		"port":              func(c *Config) { c.Discovery.Port = 70000 },
		"seeds":             func(c *Config) { c.Discovery.Enabled, c.Discovery.Seeds = false, []string{"a:1"} },
		"is not in":         func(c *Config) { c.Peers = []Peer{{0, "", "a:1"}} },
	} {
		c := Default()
		c.Number = 1
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		spoil(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	top := Default()
	top.Number, top.Guests.UIDBase = 1, uidLast
	if top.Check() == nil {
		t.Error("user ids beyond the last one are accepted")
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.toml")
	if _, err := Load(path); err == nil {
		t.Error("a configuration that is not there was loaded")
	}
	if err := os.WriteFile(path, []byte("number = 5\nfoo = 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), path+": line 2") {
		t.Errorf("%v", err)
	}
}

func TestNumber(t *testing.T) {
	networks, err := ownNetworks("10.77.0.3:7779", nil)
	own := addressesOf(networks)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := numberFrom(nil, own, nil); err != nil || n != 3 {
		t.Errorf("%d, %v", n, err)
	}
	nodes := []nodemap.Node{{Number: 8, Hosts: []string{"10.77.0.3"}}}
	if n, err := numberFrom(nodes, own, nil); err != nil || n != 8 {
		t.Errorf("by the map: %d, %v", n, err)
	}
	nodes[0].Hosts[0] = "10.77.0.4"
	if _, err := numberFrom(nodes, own, nil); err == nil || !strings.Contains(err.Error(), "10.77.0.3") {
		t.Errorf("not in the map: %v", err)
	}
	if _, err := numberFrom(nil, []netip.Addr{netip.MustParseAddr("fd00::1")}, nil); err == nil {
		t.Error("a number was made of an IPv6 address")
	}
	if _, err := numberFrom(nil, nil, []string{"none0"}); err == nil || !strings.Contains(err.Error(), "discovery.interfaces (none0)") {
		t.Errorf("no such interface: %v", err)
	}
	c := Default()
	c.Number, c.Name = 9, "nine"
	if full, err := c.Complete(); err != nil || full.Number != 9 || full.Name != "nine" {
		t.Errorf("Complete changes what is set: %+v, %v", full, err)
	}
}

// A node of the map with several addresses is reached at the one that is near.
func TestTheNearAddressOfTheMap(t *testing.T) {
	nodes := []nodemap.Node{{Number: 8, Hosts: []string{"10.9.0.8", "10.77.0.8", "mars"}}, {Number: 9, Hosts: []string{"10.9.0.9", "10.8.0.9"}}}
	c := Default().withNodes(nodes, []netip.Prefix{netip.MustParsePrefix("10.77.0.3/16")})
	if len(c.Peers) != 2 || c.Peers[0].Address != "10.77.0.8:7779" || c.Peers[1].Address != "10.9.0.9:7779" {
		t.Errorf("%+v", c.Peers)
	}
}

// Where this node is found: first by the address of its number, and a relay in
// all its networks even if one is configured.
func TestAddresses(t *testing.T) {
	for _, c := range []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.Listen = "10.77.0.3:7779" }, "[10.77.0.3] []"},
		{func(c *Config) { c.Listen, c.Advertise = "10.77.0.3:7779", "192.0.2.1" }, "[192.0.2.1] []"},
		{func(c *Config) { c.Listen, c.Advertise, c.Topology.Relay = "10.77.0.3:7779", "192.0.2.1", true }, "[192.0.2.1 10.77.0.3] [10.77.0.3/32]"},
	} {
		config := Default()
		c.change(&config)
		addresses, err := config.Addresses()
		networks, alsoErr := config.Passes()
		if got := fmt.Sprint(addresses, networks); got != c.want || err != nil || alsoErr != nil {
			t.Errorf("%s, want %s; %v, %v", got, c.want, err, alsoErr)
		}
	}
}

func TestParsePeer(t *testing.T) {
	if p, err := ParsePeer("2=10.0.0.2"); err != nil || p != (Peer{Number: 2, Address: "10.0.0.2:7779"}) {
		t.Errorf("%+v, %v", p, err)
	}
	for _, s := range []string{"", "2", "x=1", "2="} {
		if _, err := ParsePeer(s); err == nil {
			t.Errorf("%q was accepted", s)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("number = 1\n[[peer]]\nnumber=2\naddress='a'\n")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := Parse([]byte(text)); err == nil {
			c.Check()
		}
	})
}

func TestBalanceIsChecked(t *testing.T) {
	good := Default()
	good.Number = 1
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(*Balance){
		"interval_ms":      func(b *Balance) { b.IntervalMS = 1 },
		"min_uid":          func(b *Balance) { b.MinUID = -1 },
		"min_nice":         func(b *Balance) { b.MinNice = 21 },
		"moves":            func(b *Balance) { b.Moves = 0 },
		"unknown_ms":       func(b *Balance) { b.UnknownMS = 0 },
		"exclude_commands": func(b *Balance) { b.ExcludeCommands = []string{"[a"} },
		"exclude_cgroups":  func(b *Balance) { b.ExcludeCgroups = []string{""} },
	} {
		bad := good
		spoil(&bad.Balance)
		if err := bad.Check(); err == nil || !strings.Contains(err.Error(), "balance."+want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
