package config

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// knob is a setting as people meet it in the file.
type knob struct {
	key   string
	value func(Config) any
	live  bool // a reload applies it
	about string
}

// section is a table of the file.
type section struct {
	name  string
	knobs []knob
}

// document is the file, in its order.
var document = []section{
	{"", []knob{
		{"number", func(c Config) any { return c.Number }, false, "Number of this node, 1…65535. 0: what openmosix.map says, or else the low 16 bits\nof the IPv4 address (10.0.1.2 is 258)."},
		{"name", func(c Config) any { return c.Name }, false, "Name for people. Empty: the host name."},
		{"listen", func(c Config) any { return c.Listen }, false, "Where the other nodes connect: TCP for processes and UDP for gossip, one port."},
		{"advertise", func(c Config) any { return c.Advertise }, false, "Address the others are told. Empty: the one the number comes from, or the first."},
		{"networks", func(c Config) any { return c.Networks }, true, "Who may connect at all, and whom this node talks to directly, as networks or addresses.\nEmpty: the networks of this node's interfaces, and the configured peers and seeds. Without\nthe key nobody gets further anyway."},
		{"key", func(c Config) any { return c.Key }, false, "The cluster key; `openmosix key new` makes it. Only root may be able to read it."},
		{"run_dir", func(c Config) any { return c.RunDir }, false, "Directory of the control socket."},
		{"state_dir", func(c Config) any { return c.StateDir }, false, "Directory for what is to survive a restart."},
		{"log", func(c Config) any { return c.Log }, true, "How much is logged: debug, info, warn or error."},
		{"log_format", func(c Config) any { return c.LogFormat }, false, "text or json. What systemd's journal reads has no time of its own, and the level in front."},
		{"metrics", func(c Config) any { return c.Metrics }, false, "Where metrics are read, in Prometheus' format; see openmosix-metrics(7). Empty: nowhere.\nAnybody who reaches the address can read them."},
		{"speed", func(c Config) any { return c.Speed }, true, "Speed of this node's processors, 10000 is the standard; 0: as measured. What mosctl has\nsaid stands over this and the next two. (NODESPEED)"},
		{"migrate", func(c Config) any { return c.Migrate }, true, "false: nothing leaves this node, as after mosctl stay. (MIGRATE)"},
		{"mfs", func(c Config) any { return c.MFS }, true, "false: the others do not see this node's files, as after mosctl nomfs. (MFS)"},
		{"still_seconds", func(c Config) any { return c.StillSeconds }, true, "For how many seconds a process of this node may stand still in a move. One that takes longer,\nbecause the other node or the way there is slow, is given up, and the process goes on where it\nwas. 0: no limit."},
		{"reconnect_seconds", func(c Config) any { return c.ReconnectSeconds }, true, "For how many seconds, when a connection to a node where processes of this one run has broken,\nanother is tried for. They go on meanwhile, as far as they need nothing of this node; when there is\nnone by then they are killed. 0: at once. It holds for those that leave from then on."},
		{"disclosure", func(c Config) any { return c.Disclosure }, true, "What a node that lends its processor is told of a process of this one: 0 nothing, 1 its\nnumber, 2 also user and group, 3 also command and arguments. mosrun --disclosure stands\nover this. (CONFIG_MOSIX_DISCLOSURE)"},
	}},
	{"discovery", []knob{
		{"enabled", func(c Config) any { return c.Discovery.Enabled }, false, "false: no beacons, no membership; the [[peer]] tables below are the cluster."},
		{"multicast", func(c Config) any { return c.Discovery.Multicast }, false, "Send and hear beacons. (AUTODISC of openmosix.config)"},
		{"interfaces", func(c Config) any { return c.Discovery.Interfaces }, true, "Interfaces for beacons, whose networks are also the default of networks.\nEmpty: all that are up. (AUTODISCIF)"},
		{"ttl", func(c Config) any { return c.Discovery.TTL }, true, "How many networks a beacon may cross: 1 is this segment, more needs multicast routing."},
		{"port", func(c Config) any { return c.Discovery.Port }, false, "UDP port of beacons."},
		{"seeds", func(c Config) any { return c.Discovery.Seeds }, true, "Nodes to ask first, HOST or HOST:PORT, where multicast does not reach: one that is up\nsuffices to find all."},
		{"map", func(c Config) any { return c.Discovery.Map }, true, "Original map file. Empty: /etc/openmosix.map, /etc/mosix.map or /etc/hpc.map if there is one."},
	}},
	{"topology", []knob{
		{"relay", func(c Config) any { return c.Topology.Relay }, false, "true: this node sees several networks and passes on, within the cluster, what nodes say to\neach other that have none in common. They need no route and no configuration."},
		{"gateways", func(c Config) any { return c.Topology.Gateways }, true, "How many relays there may be between this node and another: 0 uses none, 2 is the most.\n(MOSGATES)"},
	}},
	{"guests", []knob{
		{"accept", func(c Config) any { return c.Guests.Accept }, true, "false: lend nothing to others, as after mosctl block; what mosctl has said stands over\nthis. (BLOCK)"},
		{"max", func(c Config) any { return c.Guests.Max }, false, "Guests at once. Where there are third nodes, one home has no more of them than four times what is\nleft then, so that none takes all."},
		{"uid_base", func(c Config) any { return c.Guests.UIDBase }, false, "First of max user ids that nobody else uses; guests run under them."},
		{"spare_mib", func(c Config) any { return c.Guests.Spare }, true, "Memory in MiB that is kept free of guests. When less is available, the largest leave."},
		{"cgroup", func(c Config) any { return c.Guests.CGroup }, false, "Path of the control group that guests live in. Empty: openmosix-guests at the top, where\nits weight counts against everything on this machine."},
		{"weight", func(c Config) any { return c.Guests.Weight }, true, "Share of CPU time that guests get beside this node's own programs: 0 is what those leave\nover, 100 as much as an ordinary group, at most 10000."},
		{"cpu_percent", func(c Config) any { return c.Guests.CPUPercent }, true, "Per cent of this node's CPU time that all guests together may use. 0: no ceiling."},
		{"memory_mib", func(c Config) any { return c.Guests.Memory }, true, "Memory in MiB that all guests together may use: beyond it the kernel kills one.\n0: all but spare_mib."},
		{"each_memory_mib", func(c Config) any { return c.Guests.EachMemory }, true, "The same for each guest with what it has started. 0: no limit."},
		{"each_pids", func(c Config) any { return c.Guests.EachPIDs }, true, "Processes and threads of each guest with what it has started; its supervisor takes some\n20 of them. A process that wants more goes home. 0: no limit."},
		{"hours", func(c Config) any { return c.Guests.Hours }, true, "When guests are taken, by this node's clock, as in \"Mon-Fri 18:00-08:00, Sat-Sun\"; at other\ntimes those that are here are sent home. Empty: always."},
		{"owner_first", func(c Config) any { return c.Guests.OwnerFirst }, true, "Guests are slowed down, and then sent home, when this node's own programs want its CPUs."},
		{"owner_seconds", func(c Config) any { return c.Guests.OwnerSeconds }, true, "After so many seconds of that they are sent home; after half of it they are slowed down."},
		{"owner_idle_minutes", func(c Config) any { return c.Guests.OwnerIdleMinutes }, true, "Guests are taken only while nobody has typed on a terminal of this node for so long; when\nsomebody does, those that are here are sent home. 0: that does not matter."},
		{"load_limit", func(c Config) any { return c.Guests.LoadLimit }, true, "No guest is taken that would raise this node's load, as mosctl getload shows it with the\nstandard yardstick, above this. 0: no limit. (CONFIG_MOSIX_LOADLIMIT)"},
		{"oom", func(c Config) any { return c.Guests.OOM }, true, "When memory runs out: first, guests are killed before this node's own processes; normal,\nthey are as those; never, they are not killed. (CONFIG_openMosix_NO_OOM)"},
		{"cache_dir", func(c Config) any { return c.Guests.CacheDir }, false, "Directory for files that guests need and this node does not have, so that they are sent\nonce. Empty: files in state_dir."},
		{"cache_mib", func(c Config) any { return c.Guests.Cache }, false, "How many MiB of them there may be, and a tenth of their file system at most. 0: none are kept."},
	}},
	{"balance", balanceKnobs},
}

// aboutPeers ends the file.
const aboutPeers = `# Nodes known beforehand; usually there is no need. The own one may be listed too,
# so that all nodes can have the same list.
#[[peer]]
#number = 2
#name = "node2"             # optional
#address = "10.0.0.2"       # port as in listen unless given
`

// Text is a configuration as a file with every setting explained. With asComment
// the values are comments: a file to begin with.
func (c Config) Text(asComment bool) string {
	var b strings.Builder
	b.WriteString("# Configuration of an openMosix node; see openmosix-node(8). After a change:\n# `openmosix config check`, then `openmosix reload`.\n")
	mark := ""
	if asComment {
		mark = "#"
	}
	for _, s := range document {
		if s.name != "" {
			fmt.Fprintf(&b, "\n[%s]\n", s.name)
		}
		for _, k := range s.knobs {
			about := k.about
			if !k.live {
				about += " (Needs a restart.)"
			}
			fmt.Fprintf(&b, "\n# %s\n%s%s = %s\n", strings.ReplaceAll(about, "\n", "\n# "), mark, k.key, literal(k.value(c)))
		}
	}
	b.WriteString("\n" + aboutPeers)
	for _, p := range c.Peers {
		fmt.Fprintf(&b, "\n%s[[peer]]\n%snumber = %d\n%sname = %s\n%saddress = %s\n", mark, mark, p.Number, mark, literal(p.Name), mark, literal(p.Address))
	}
	return b.String()
}

// literal writes a value as TOML. Strings, numbers, booleans and lists of
// strings look as they do in JSON, except that an absent list is empty.
func literal(v any) string {
	if list, ok := v.([]string); ok && len(list) == 0 {
		return "[]"
	}
	if f, ok := v.(float64); ok && f == math.Trunc(f) {
		return strconv.FormatFloat(f, 'f', 1, 64) // without a point it is no float to TOML
	}
	text, err := json.Marshal(v)
	if err != nil {
		return `""` // none of the types above fails
	}
	return string(text)
}

// Changes are the settings that differ between two configurations: those a
// reload applies and those that wait for a restart.
func Changes(from, to Config) (live, restart []string) {
	for _, s := range document {
		for _, k := range s.knobs {
			if literal(k.value(from)) == literal(k.value(to)) {
				continue
			}
			name := strings.TrimPrefix(s.name+"."+k.key, ".")
			if k.live {
				live = append(live, name)
			} else {
				restart = append(restart, name)
			}
		}
	}
	if literal(from.Peers) != literal(to.Peers) {
		live = append(live, "peer")
	}
	return live, restart
}

// Apply takes over from to what a reload may change.
func (c Config) Apply(to Config) Config {
	c.Networks, c.Log, c.Peers = to.Networks, to.Log, to.Peers
	c.Speed, c.Migrate, c.MFS = to.Speed, to.Migrate, to.MFS
	c.StillSeconds, c.ReconnectSeconds = to.StillSeconds, to.ReconnectSeconds
	c.Discovery.Interfaces, c.Discovery.TTL = to.Discovery.Interfaces, to.Discovery.TTL
	c.Discovery.Seeds, c.Discovery.Map = to.Discovery.Seeds, to.Discovery.Map
	c.Disclosure = to.Disclosure
	c.Topology.Gateways = to.Topology.Gateways
	c.Guests.Accept, c.Guests.Spare = to.Guests.Accept, to.Guests.Spare
	c.Guests.Weight, c.Guests.CPUPercent, c.Guests.Hours = to.Guests.Weight, to.Guests.CPUPercent, to.Guests.Hours
	c.Guests.Memory, c.Guests.EachMemory, c.Guests.EachPIDs = to.Guests.Memory, to.Guests.EachMemory, to.Guests.EachPIDs
	c.Guests.OwnerFirst, c.Guests.OwnerSeconds, c.Guests.OwnerIdleMinutes = to.Guests.OwnerFirst, to.Guests.OwnerSeconds, to.Guests.OwnerIdleMinutes
	c.Guests.LoadLimit, c.Guests.OOM = to.Guests.LoadLimit, to.Guests.OOM
	c.Balance = to.Balance
	return c
}

// Settings is the configuration by the names people know, for programs.
func (c Config) Settings() map[string]any {
	out := make(map[string]any)
	for _, s := range document {
		table := out
		if s.name != "" {
			table = make(map[string]any)
			out[s.name] = table
		}
		for _, k := range s.knobs {
			v := k.value(c)
			if list, ok := v.([]string); ok && list == nil {
				v = []string{}
			}
			table[k.key] = v
		}
	}
	peers := make([]map[string]any, 0, len(c.Peers))
	for _, p := range c.Peers {
		peers = append(peers, map[string]any{"number": p.Number, "name": p.Name, "address": p.Address})
	}
	out["peer"] = peers
	return out
}
