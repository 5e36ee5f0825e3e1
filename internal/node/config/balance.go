package config

import (
	"fmt"
	"path"
)

// Balance says which processes of this node move by themselves, and how eagerly.
type Balance struct {
	Enabled         bool     `toml:"enabled"`          // false: nothing moves by itself
	MinUID          int      `toml:"min_uid"`          // users below it are the system's
	Users           []string `toml:"users"`            // names or ids that are balanced although they are below; "*": all
	ExcludeUsers    []string `toml:"exclude_users"`    // and those that never are
	ExcludeCommands []string `toml:"exclude_commands"` // patterns of names or paths of programs
	ExcludeCgroups  []string `toml:"exclude_cgroups"`  // patterns of control groups, with what is below
	MinNice         int      `toml:"min_nice"`         // niceness below which a process is left alone
	IntervalMS      int      `toml:"interval_ms"`      // between two decisions
	Moves           int      `toml:"moves"`            // at once
	Place           bool     `toml:"place"`            // new programs under mosrun begin on the best node
	UnknownMS       int      `toml:"unknown_ms"`       // CPU time expected of a program seen for the first time
}

func defaultBalance() Balance {
	return Balance{
		Enabled: true, MinUID: 1000, MinNice: 0, IntervalMS: 1000, Moves: 4, Place: true, UnknownMS: 200,
		ExcludeCommands: []string{"Xorg", "Xwayland", "gnome-shell", "kwin_*", "pipewire*", "wireplumber", "pulseaudio", "dbus-*", "systemd", "sshd*", "tmux*", "screen"},
		ExcludeCgroups:  []string{"/system.slice", "/init.scope", "/machine.slice"},
	}
}

func (b Balance) check() error {
	for _, n := range []struct {
		name               string
		value, least, most int
	}{
		{"min_uid", b.MinUID, 0, 1 << 31},
		{"min_nice", b.MinNice, -20, 20},
		{"interval_ms", b.IntervalMS, 100, 60_000},
		{"moves", b.Moves, 1, 64},
		{"unknown_ms", b.UnknownMS, 1, 3_600_000},
	} {
		if n.value < n.least || n.value > n.most {
			return fmt.Errorf("balance.%s = %d: expected %d…%d", n.name, n.value, n.least, n.most)
		}
	}
	for name, patterns := range map[string][]string{"exclude_commands": b.ExcludeCommands, "exclude_cgroups": b.ExcludeCgroups} {
		for _, p := range patterns {
			if _, err := path.Match(p, ""); err != nil || p == "" {
				return fmt.Errorf("balance.%s: %q is no pattern (*, ? and [a-z] stand for others)", name, p)
			}
		}
	}
	return nil
}

// balanceKnobs is the section of the file.
var balanceKnobs = []knob{
	{"enabled", func(c Config) any { return c.Balance.Enabled }, true, "false: nothing moves by itself, and mosrun places nothing."},
	{"min_uid", func(c Config) any { return c.Balance.MinUID }, true, "Processes of users below this id are the system's: they move by themselves only if users\nnames their user, or they were started with mosrun."},
	{"users", func(c Config) any { return c.Balance.Users }, true, "Names or ids of such users whose processes move by themselves all the same; \"*\": all."},
	{"exclude_users", func(c Config) any { return c.Balance.ExcludeUsers }, true, "Names or ids of users whose processes never move by themselves."},
	{"exclude_commands", func(c Config) any { return c.Balance.ExcludeCommands }, true, "Programs that never move by themselves: patterns of their name or, with a /, of their path."},
	{"exclude_cgroups", func(c Config) any { return c.Balance.ExcludeCgroups }, true, "Control groups whose processes, and those of groups below, move by themselves only if they\nwere started with mosrun: patterns of paths, * is one step of the path."},
	{"min_nice", func(c Config) any { return c.Balance.MinNice }, true, "Processes of a niceness below this are left alone: somebody wants them to run here at once."},
	{"interval_ms", func(c Config) any { return c.Balance.IntervalMS }, true, "Time between two decisions, in milliseconds."},
	{"moves", func(c Config) any { return c.Balance.Moves }, true, "How many processes leave at the same time."},
	{"place", func(c Config) any { return c.Balance.Place }, true, "Programs under mosrun begin on the node that is best for them."},
	{"unknown_ms", func(c Config) any { return c.Balance.UnknownMS }, true, "CPU time, in milliseconds, that is expected of a program of which none is known yet."},
}
