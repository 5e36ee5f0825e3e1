package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"openmosix/internal/model/load"
	"openmosix/internal/model/topology"
)

// OriginalName is the original's configuration file, beside ours.
const OriginalName = "openmosix.config"

// maxOriginal bounds its size.
const maxOriginal = 64 << 10

// loadOriginal reads openmosix.config, if there is one, over the defaults.
func loadOriginal(path string) (Config, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Default(), nil
	}
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	c, err := ParseOriginal(text)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// ParseOriginal reads the text of an openmosix.config, which was a piece of
// shell: KEY=VALUE lines and comments. It is read, not run.
func ParseOriginal(text []byte) (Config, error) {
	c := Default()
	if len(text) > maxOriginal {
		return c, fmt.Errorf("it is longer than %d bytes", maxOriginal)
	}
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return c, fmt.Errorf("line %d: expected KEY=VALUE", i+1)
		}
		if value, ok = unquote(value); !ok {
			return c, fmt.Errorf("line %d: %s: a plain value is expected, not shell", i+1, key)
		}
		if err := c.original(strings.TrimSpace(key), value); err != nil {
			return c, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	return c, nil
}

// unquote takes quotes and a comment at the end away.
func unquote(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		body, rest, closed := strings.Cut(s[1:], s[:1])
		rest = strings.TrimSpace(rest)
		return body, closed && (rest == "" || rest[0] == '#') && !strings.ContainsAny(body, "$`\\")
	}
	s, _, _ = strings.Cut(s, " #")
	s = strings.TrimSpace(s)
	return s, !strings.ContainsAny(s, "$`\\\"' ;&|")
}

// original applies one setting. An empty value is as if the line were not there.
func (c *Config) original(key, value string) error {
	if value == "" {
		return nil
	}
	switch key {
	case "AUTODISC":
		return yesNo(key, value, &c.Discovery.Multicast)
	case "AUTODISCIF":
		c.Discovery.Interfaces = strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == ' ' })
	case "MYOMID":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > 65535 {
			return fmt.Errorf("%s=%s: a node number is in 1…65535", key, value)
		}
		c.Number = n
	case "BLOCK":
		refuses := !c.Guests.Accept
		if err := yesNo(key, value, &refuses); err != nil {
			return err
		}
		c.Guests.Accept = !refuses
	case "MIGRATE":
		return yesNo(key, value, &c.Migrate)
	case "MFS":
		return yesNo(key, value, &c.MFS)
	case "NODESPEED":
		n, err := strconv.Atoi(value)
		if err != nil || n != 0 && (n < load.MinSpeed || n > load.MaxSpeed) {
			return fmt.Errorf("%s=%s: expected %d…%d, or 0 for as measured", key, value, load.MinSpeed, load.MaxSpeed)
		}
		c.Speed = n
	case "MOSGATES":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > topology.MaxGateways {
			return fmt.Errorf("%s=%s: expected 0…%d", key, value, topology.MaxGateways)
		}
		c.Topology.Gateways = n
	case "OVERHEADS", "MFSCOSTS":
		// Without a counterpart: costs are measured.
	default:
		return fmt.Errorf("%s is not a setting of openmosix.config", key)
	}
	return nil
}

func yesNo(key, value string, to *bool) error {
	switch strings.ToLower(value) {
	case "1", "yes", "y", "true", "on":
		*to = true
	case "0", "no", "n", "false", "off":
		*to = false
	default:
		return fmt.Errorf("%s=%s: expected yes or no", key, value)
	}
	return nil
}
