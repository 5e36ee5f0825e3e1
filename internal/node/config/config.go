// Package config reads a node's configuration: the defaults, over them the
// original's openmosix.config, over that /etc/openmosix/openmosix.toml, checked
// as a whole; and the original's openmosix.map.
//
// It holds no state and starts nothing. The nodes in it are those known
// beforehand; which are up, and which others there are, is the membership's.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"openmosix/internal/model/load"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/topology"
	"openmosix/internal/model/trust"
	"openmosix/internal/node/policy"
)

// Where a node keeps its files unless told otherwise.
const (
	DefaultFile     = "/etc/openmosix/openmosix.toml"
	DefaultKey      = "/etc/openmosix/cluster.key"
	DefaultRunDir   = "/run/openmosix"
	DefaultStateDir = "/var/lib/openmosix"
)

// DefaultPort must be the port transport documents; config reads files and
// does not import the network. A test of the daemon compares them.
const DefaultPort = 7779

// DefaultBeaconPort is the UDP port of beacons, for the same reason a copy.
const DefaultBeaconPort = 5429

// DefaultMetrics is reached from this machine alone.
const DefaultMetrics = "127.0.0.1:7780"

// Config is one node's configuration. Every setting is explained to people in
// document.go; a test compares.
type Config struct {
	Number    int      `toml:"number"`     // this node; 0: from the map or the IPv4 address
	Name      string   `toml:"name"`       // for people; the host name if empty
	Listen    string   `toml:"listen"`     // address and port for the other nodes
	Advertise string   `toml:"advertise"`  // address told to the others; empty: found
	Networks  []string `toml:"networks"`   // who may connect; empty: the networks of the interfaces
	Key       string   `toml:"key"`        // cluster key file
	RunDir    string   `toml:"run_dir"`    // control socket
	StateDir  string   `toml:"state_dir"`  // caches
	Log       string   `toml:"log"`        // debug, info, warn, error
	LogFormat string   `toml:"log_format"` // text, json
	Metrics   string   `toml:"metrics"`    // where they are read; empty: nowhere
	Speed     int      `toml:"speed"`      // 0: as measured
	Migrate   bool     `toml:"migrate"`    // false: nothing leaves, as after mosctl stay
	MFS       bool     `toml:"mfs"`        // false: as after mosctl nomfs
	// StillSeconds is how long a process may stand still in a move; 0: no limit.
	StillSeconds int `toml:"still_seconds"`
	// ReconnectSeconds is for how long a broken connection to a guest is made again; 0: it is not.
	ReconnectSeconds int `toml:"reconnect_seconds"`
	// Disclosure is what a lender is told of a guest, where nobody has said it
	// of the process: a level of package policy.
	Disclosure int       `toml:"disclosure"`
	Discovery  Discovery `toml:"discovery"`
	Topology   Topology  `toml:"topology"`
	Guests     Guests    `toml:"guests"`
	Balance    Balance   `toml:"balance"`
	Peers      []Peer    `toml:"peer"`
}

// Discovery says how this node finds the others.
type Discovery struct {
	Enabled    bool     `toml:"enabled"`    // false: the listed peers are all there is
	Multicast  bool     `toml:"multicast"`  // send and hear beacons
	Interfaces []string `toml:"interfaces"` // on these; empty: all
	TTL        int      `toml:"ttl"`        // of beacons; 1: the segment
	Port       int      `toml:"port"`       // UDP, of beacons
	Seeds      []string `toml:"seeds"`      // nodes to ask first, HOST or HOST:PORT
	Map        string   `toml:"map"`        // original map file; empty: the usual places
}

// Topology says how nodes that have no network in common talk to each other.
type Topology struct {
	Relay    bool `toml:"relay"`    // pass on what such nodes say to each other
	Gateways int  `toml:"gateways"` // relays there may be between this node and another
}

// Guests says what this node lends to others.
type Guests struct {
	Accept  bool   `toml:"accept"`    // false: lend nothing
	Max     int    `toml:"max"`       // guest supervisors at once
	UIDBase uint32 `toml:"uid_base"`  // first of Max unprivileged user ids
	Spare   uint64 `toml:"spare_mib"` // memory in MiB kept free of guests

	CGroup     string `toml:"cgroup"`          // path of their control group; empty: openmosix-guests
	Weight     int    `toml:"weight"`          // 0: what is left over, 100: as an ordinary group
	CPUPercent int    `toml:"cpu_percent"`     // of this node's CPU time for all; 0: no ceiling
	Memory     uint64 `toml:"memory_mib"`      // for all; 0: all but Spare
	EachMemory uint64 `toml:"each_memory_mib"` // 0: no limit
	EachPIDs   int    `toml:"each_pids"`       // processes and threads; 0: no limit

	Hours            string `toml:"hours"`       // when guests are taken; empty: always
	OwnerFirst       bool   `toml:"owner_first"` // guests leave when the CPUs are wanted here
	OwnerSeconds     int    `toml:"owner_seconds"`
	OwnerIdleMinutes int    `toml:"owner_idle_minutes"` // 0: guests are taken whoever is at a terminal
	// LoadLimit is the load, in standard units, up to which guests are admitted; 0: any.
	LoadLimit float64 `toml:"load_limit"`
	OOM       string  `toml:"oom"` // whom the kernel kills when memory runs out: see the constants

	CacheDir string `toml:"cache_dir"` // for files of guests; empty: files, in StateDir
	Cache    uint64 `toml:"cache_mib"` // how large they may be together; 0: none are kept
}

// What becomes of guests when memory runs out here.
const (
	OOMFirst  = "first"  // they are killed before anything else
	OOMNormal = "normal" // they are as other processes
	OOMNever  = "never"  // they are not killed
)

// Peer is one other node. The own node may be listed too, so that all nodes
// can have the same list.
type Peer struct {
	Number  int    `toml:"number"`
	Name    string `toml:"name"`
	Address string `toml:"address"` // host or host:port
}

// Default is the configuration of an empty file.
func Default() Config {
	return Config{
		Listen:    ":" + strconv.Itoa(DefaultPort),
		Key:       DefaultKey,
		RunDir:    DefaultRunDir,
		StateDir:  DefaultStateDir,
		Log:       "info",
		LogFormat: "text",
		Metrics:   DefaultMetrics,
		Migrate:   true,
		MFS:       true,

		StillSeconds: 60, ReconnectSeconds: 30,

		Disclosure: policy.TellCommand,
		Discovery:  Discovery{Enabled: true, Multicast: true, TTL: 1, Port: DefaultBeaconPort},
		Topology:   Topology{Gateways: 1},
		Guests: Guests{Accept: true, Max: 64, UIDBase: 1_868_000_000, Spare: 64,
			EachPIDs: 4096, OwnerFirst: true, OwnerSeconds: 5, OOM: OOMFirst, Cache: 4096},
		Balance: defaultBalance(),
	}
}

// Load reads a file, and the original's openmosix.config beside it, over the
// defaults. A file that does not exist is an error unless it is the default one.
func Load(path string) (Config, error) {
	c, err := loadOriginal(filepath.Join(filepath.Dir(path), OriginalName))
	if err != nil {
		return Config{}, err
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && path == DefaultFile {
		return c, nil
	}
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	if c, err = parseOver(c, text); err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// Parse reads the text of a file over the defaults.
func Parse(text []byte) (Config, error) { return parseOver(Default(), text) }

// parseOver refuses what it does not know: a misspelt knob must not be
// silently without effect.
func parseOver(c Config, text []byte) (Config, error) {
	decoder := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return Config{}, explain(err)
	}
	for i := range c.Peers {
		c.Peers[i].Address = withPort(c.Peers[i].Address)
	}
	for i := range c.Discovery.Seeds {
		c.Discovery.Seeds[i] = withPort(c.Discovery.Seeds[i])
	}
	return c, nil
}

// explain turns the parser's errors into one line with a place in the file.
func explain(err error) error {
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) && len(unknown.Errors) > 0 {
		e := unknown.Errors[0]
		line, _ := e.Position()
		return fmt.Errorf("line %d: unknown setting %q", line, strings.Join(e.Key(), "."))
	}
	var wrong *toml.DecodeError
	if errors.As(err, &wrong) {
		line, column := wrong.Position()
		if strings.Contains(wrong.Error(), "negative integer value") {
			return fmt.Errorf("line %d: %s: expected a number from 0 on", line, strings.Join(wrong.Key(), "."))
		}
		if _, want, is := strings.Cut(wrong.Error(), " of type "); is && len(wrong.Key()) > 0 {
			return fmt.Errorf("line %d: %s: expected %s", line, strings.Join(wrong.Key(), "."), kindInWords(want))
		}
		return fmt.Errorf("line %d, column %d: %s", line, column, strings.TrimPrefix(wrong.Error(), "toml: "))
	}
	return err
}

// kindInWords is a type of Go's as people write its values in the file.
func kindInWords(kind string) string {
	switch {
	case strings.HasPrefix(kind, "[]"):
		return `a list, as ["this", "that"]`
	case kind == "string":
		return `text in quotes, as "this"`
	case kind == "bool":
		return "true or false"
	case strings.HasPrefix(kind, "float"):
		return "a number"
	default:
		return "a whole number"
	}
}

// withPort adds the default port to an address without one.
func withPort(address string) string {
	if _, _, err := net.SplitHostPort(address); err == nil || address == "" {
		return address
	}
	return net.JoinHostPort(strings.Trim(address, "[]"), strconv.Itoa(DefaultPort))
}

// ParsePeer reads the command line's form, NUMBER=ADDRESS.
func ParsePeer(s string) (Peer, error) {
	number, address, ok := strings.Cut(s, "=")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || address == "" {
		return Peer{}, fmt.Errorf("peer %q: expected NUMBER=ADDRESS, as in 2=10.0.0.2", s)
	}
	return Peer{Number: n, Address: withPort(address)}, nil
}

func isPort(text string) bool { _, err := strconv.ParseUint(text, 10, 16); return err == nil }

// maxRunDir leaves room for the name of the control socket: of a path to a socket the kernel
// takes 107 characters.
const maxRunDir = 107 - len("/control.sock")

// mostStill is a day.
const mostStill = 86_400

// uidLast is the largest user id; the one above it means "no change" to the kernel.
const uidLast = 1<<32 - 2

// Check finds what is wrong with the configuration as a whole.
func (c Config) Check() error {
	if c.Number < 1 || c.Number > trust.MaxNode {
		return fmt.Errorf("number = %d: a node number is in 1…%d", c.Number, trust.MaxNode)
	}
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || !isPort(port) {
		return fmt.Errorf("listen = %q: expected ADDRESS:PORT or :PORT", c.Listen)
	}
	switch c.Log {
	case "debug", "info", "warn", "error":
	default:
		return fmt.Errorf("log = %q: expected debug, info, warn or error", c.Log)
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		return fmt.Errorf("log_format = %q: expected text or json", c.LogFormat)
	}
	if _, port, err := net.SplitHostPort(c.Metrics); (err != nil || !isPort(port)) && c.Metrics != "" {
		return fmt.Errorf("metrics = %q: expected ADDRESS:PORT, or nothing for no metrics", c.Metrics)
	}
	if len(c.RunDir) > maxRunDir {
		return fmt.Errorf("run_dir has %d characters: with more than %d the control socket in it can have no name", len(c.RunDir), maxRunDir)
	}
	if c.Speed != 0 && (c.Speed < load.MinSpeed || c.Speed > load.MaxSpeed) {
		return fmt.Errorf("speed = %d: expected %d…%d, or 0 for as measured", c.Speed, load.MinSpeed, load.MaxSpeed)
	}
	if c.StillSeconds < 0 || c.StillSeconds > mostStill {
		return fmt.Errorf("still_seconds = %d: expected 1…%d, or 0 for no limit", c.StillSeconds, mostStill)
	}
	if most := int(supervisor.MaxReconnect / time.Second); c.ReconnectSeconds < 0 || c.ReconnectSeconds > most {
		return fmt.Errorf("reconnect_seconds = %d: expected 1…%d, or 0 for never", c.ReconnectSeconds, most)
	}
	if g := c.Guests; g.Max < 1 || g.Max > 10_000 {
		return fmt.Errorf("guests.max = %d: expected 1…10000 (accept = false lends nothing)", g.Max)
	} else if g.UIDBase < 65536 || uint64(g.UIDBase)+uint64(g.Max) > uidLast {
		return fmt.Errorf("guests.uid_base = %d: needs %d user ids of its own from 65536 upwards", g.UIDBase, g.Max)
	} else if err := g.check(); err != nil {
		return err
	}
	if c.Disclosure < policy.TellNothing || c.Disclosure > policy.TellCommand {
		return fmt.Errorf("disclosure = %d: expected %d…%d", c.Disclosure, policy.TellNothing, policy.TellCommand)
	}
	if err := c.Balance.check(); err != nil {
		return err
	}
	if err := c.checkDiscovery(); err != nil {
		return err
	}
	return c.checkPeers()
}

func (c Config) checkDiscovery() error {
	if c.Advertise != "" {
		if a, err := netip.ParseAddr(c.Advertise); err != nil || a.IsUnspecified() || a.IsMulticast() {
			return fmt.Errorf("advertise = %q: expected an address of this node", c.Advertise)
		}
	}
	if _, err := c.AllowedNetworks(); err != nil {
		return err
	}
	d := c.Discovery
	if d.TTL < 1 || d.TTL > 255 {
		return fmt.Errorf("discovery.ttl = %d: expected 1…255", d.TTL)
	}
	if d.Port < 1 || d.Port > 65535 {
		return fmt.Errorf("discovery.port = %d: expected 1…65535", d.Port)
	}
	if slices.Contains(d.Seeds, "") || slices.Contains(d.Interfaces, "") {
		return errors.New("discovery.seeds and discovery.interfaces: an empty name is none")
	}
	if g := c.Topology.Gateways; g < 0 || g > topology.MaxGateways {
		return fmt.Errorf("topology.gateways = %d: expected 0…%d", g, topology.MaxGateways)
	}
	if !d.Enabled && len(d.Seeds) > 0 {
		return errors.New("discovery.seeds are without effect when discovery.enabled = false: use [[peer]], or enable it")
	}
	return nil
}

// AllowedNetworks is the allow-list; none: the networks of the interfaces.
func (c Config) AllowedNetworks() ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range c.Networks {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			var a netip.Addr
			if a, err = netip.ParseAddr(text); err == nil {
				p, err = a.Prefix(a.BitLen())
			}
		}
		if err != nil {
			return nil, fmt.Errorf("networks: %q is no network, as 10.1.0.0/16, and no address", text)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func (c Config) checkPeers() error {
	seen := make(map[int]string, len(c.Peers))
	for _, p := range c.Peers {
		if p.Number < 1 || p.Number > trust.MaxNode {
			return fmt.Errorf("peer %q: number = %d is not in 1…%d", p.Address, p.Number, trust.MaxNode)
		}
		if p.Address == "" {
			return fmt.Errorf("peer %d: address is missing", p.Number)
		}
		if before, twice := seen[p.Number]; twice {
			return fmt.Errorf("peer %d is listed twice: %s and %s", p.Number, before, p.Address)
		}
		seen[p.Number] = p.Address
	}
	return nil
}
