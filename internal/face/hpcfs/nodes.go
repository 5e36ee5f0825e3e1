package hpcfs

import (
	"context"
	"strconv"
	"strings"
	"syscall"

	"openmosix/internal/node/control"
)

var nodeFiles = []file{
	{in: node, name: "name", mode: seen, about: "its name",
		read: func(ctx context.Context, c *call) (string, error) {
			n, err := c.node(ctx, c.number)
			return line(n.Name), err
		}},
	{in: node, name: "address", mode: seen, about: "where it takes connections",
		read: func(ctx context.Context, c *call) (string, error) {
			n, err := c.node(ctx, c.number)
			return line(n.Address), err
		}},
	{in: node, name: "status", mode: seen, about: "up or down; after up the words of mosctl that hold there: stay, lstay, block, quiet, nomfs",
		read: func(ctx context.Context, c *call) (string, error) {
			n, err := c.node(ctx, c.number)
			return line(statusText(n)), err
		}},
	figure("CPUs", "how many processors it has", told, func(n control.Node) string { return strconv.Itoa(n.CPUs) }),
	figure("speed", "their speed, 10000 is the standard", told, func(n control.Node) string { return strconv.Itoa(n.Speed) }),
	figure("load", "its load, in units of the yardstick", inUse, func(n control.Node) string { return strconv.FormatFloat(n.Load, 'f', 2, 64) }),
	figure("util", "per cent of the processors' time in use", inUse, func(n control.Node) string { return strconv.Itoa(n.Utilisation) }),
	figure("mem", "bytes of memory that can be lent", inUse, func(n control.Node) string { return strconv.FormatUint(n.MemFree, 10) }),
	figure("rmem", "bytes of memory that are free, as its kernel sees it", inUse, func(n control.Node) string { return strconv.FormatUint(n.MemAvailable, 10) }),
	figure("tmem", "bytes of memory it has", told, func(n control.Node) string { return strconv.FormatUint(n.MemTotal, 10) }),
}

// What a quiet node keeps to itself.
const (
	told  = false
	inUse = true
)

func figure(name, about string, kept bool, text func(control.Node) string) file {
	return file{in: node, name: name, mode: seen, about: about, read: func(ctx context.Context, c *call) (string, error) {
		n, err := c.node(ctx, c.number)
		switch {
		case err != nil:
			return "", err
		case !n.Up:
			return "", &callError{syscall.EHOSTUNREACH, "node " + strconv.Itoa(n.Number) + " does not answer: " + n.Text}
		case kept && n.Quiet && !n.Self:
			return "", &callError{syscall.ENODATA, "node " + strconv.Itoa(n.Number) + " is quiet (`mosctl noquiet` there changes that)"}
		}
		return line(text(n)), nil
	}}
}

func statusText(n control.Node) string {
	if !n.Up {
		return "down"
	}
	words := []string{"up"}
	for _, w := range []struct {
		word string
		on   bool
	}{{"stay", n.Stay}, {"lstay", n.LStay}, {"block", !n.Accepting}, {"quiet", n.Quiet}, {"nomfs", n.NoMFS}} {
		if w.on {
			words = append(words, w.word)
		}
	}
	return strings.Join(words, " ")
}
