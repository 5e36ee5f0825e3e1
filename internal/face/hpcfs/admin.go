package hpcfs

import (
	"context"
	"strconv"
	"strings"

	"openmosix/internal/model/nodemap"
	"openmosix/internal/node/control"
	"openmosix/internal/node/settings"
)

var adminFiles = []file{
	{in: admin, name: "version", mode: seen, about: "the version of openMosix",
		read: func(_ context.Context, c *call) (string, error) { return line("openMosix " + c.Version), nil }},
	{in: admin, name: "mospe", mode: seen, about: "the number of this node",
		read: func(ctx context.Context, c *call) (string, error) {
			_, self, err := c.settings(ctx)
			return line(strconv.Itoa(self)), err
		}},
	{in: admin, name: "config", mode: seen, about: "the nodes that are known, as a map file has them",
		read: func(ctx context.Context, c *call) (string, error) {
			r, err := c.ask(ctx, control.Request{Verb: control.Nodes})
			if err != nil {
				return "", err
			}
			nodes, _ := control.MapOf(r.Nodes)
			return nodemap.Format(nodes), nil
		}},
	flag("stay", "nostay", "1: nothing leaves this node", func(v settings.Values) bool { return v.Stay }),
	flag("lstay", "nolstay", "1: the node's own processes do not leave it", func(v settings.Values) bool { return v.LStay }),
	flag("block", "noblock", "1: the node takes no guests", func(v settings.Values) bool { return v.Block }),
	flag("quiet", "noquiet", "1: the node tells the others nothing of its load and memory", func(v settings.Values) bool { return v.Quiet }),
	flag("nomfs", "mfs", "1: other nodes do not see this node's files", func(v settings.Values) bool { return v.NoMFS }),
	{in: admin, name: "expel", mode: ordered, about: "1 sends all guests home, and blocks; the write waits until all has been tried",
		write: func(ctx context.Context, c *call, text string) error {
			if err := one(text); err != nil {
				return err
			}
			return c.many(ctx, "expel")
		}},
	{in: admin, name: "bring", mode: ordered, about: "1 fetches the node's own processes home, and sets lstay; the write waits likewise", write: bring},
	{in: admin, name: "speed", mode: tuned, about: "the speed of the node's processors, 10000 is the standard; 0 is written to have it as measured",
		read: func(ctx context.Context, c *call) (string, error) {
			_, self, err := c.settings(ctx)
			if err != nil {
				return "", err
			}
			n, err := c.node(ctx, self)
			return line(strconv.Itoa(n.Speed)), err
		},
		write: setting("setspeed", func(_ settings.Values, n int) []int { return []int{n} })},
	{in: admin, name: "yard", mode: tuned, about: "the speed of the processor in whose units loads are shown",
		read:  value(func(v settings.Values) int { return v.Yard }),
		write: setting("setyard", func(_ settings.Values, n int) []int { return []int{n} })},
	{in: admin, name: "decayinterval", mode: tuned, about: "seconds between two decays of old statistics of processes",
		read:  value(func(v settings.Values) int { return v.Period }),
		write: setting("setdecay", func(_ settings.Values, n int) []int { return []int{n} })},
	{in: admin, name: "slowdecay", mode: tuned, about: "what is kept then of processes with slow decay, per mille",
		read:  value(func(v settings.Values) int { return v.Slow }),
		write: setting("setdecay", func(v settings.Values, n int) []int { return []int{v.Period, n, v.Fast} })},
	{in: admin, name: "fastdecay", mode: tuned, about: "what is kept then of processes with fast decay, per mille",
		read:  value(func(v settings.Values) int { return v.Fast }),
		write: setting("setdecay", func(v settings.Values, n int) []int { return []int{v.Period, v.Slow, n} })},
	{in: admin, name: "lasterror", mode: seen, about: "why the last call that failed did, in words: of the reader's user in the reader's session",
		read: func(_ context.Context, c *call) (string, error) { return c.lastErrors.get(c.asker()), nil }},
}

// flag is a file of 0 and 1 for a pair of mosctl's words.
func flag(name, off, about string, on func(settings.Values) bool) file {
	return file{in: admin, name: name, mode: tuned, about: about,
		read: value(func(v settings.Values) int {
			if on(v) {
				return 1
			}
			return 0
		}),
		write: func(ctx context.Context, c *call, text string) error {
			set, err := digit(text)
			if err != nil {
				return err
			}
			if set {
				return c.set(ctx, name)
			}
			return c.set(ctx, off)
		}}
}

func value(of func(settings.Values) int) func(context.Context, *call) (string, error) {
	return func(ctx context.Context, c *call) (string, error) {
		v, _, err := c.settings(ctx)
		return line(strconv.Itoa(of(v))), err
	}
}

// setting writes a number by a word of mosctl, which may take it among others.
func setting(word string, numbers func(settings.Values, int) []int) func(context.Context, *call, string) error {
	return func(ctx context.Context, c *call, text string) error {
		n, err := whole(text)
		if err != nil {
			return err
		}
		v, _, err := c.settings(ctx)
		if err != nil {
			return err
		}
		return c.set(ctx, word, numbers(v, n)...)
	}
}

// bring does not wait when the writer is among those that are fetched: it can
// only be fetched when its write is over.
func bring(ctx context.Context, c *call, text string) error {
	if err := one(text); err != nil {
		return err
	}
	own, err := c.moved(ctx, c.pid)
	if err != nil {
		return err
	}
	if own.Node == 0 {
		return c.many(ctx, "bring")
	}
	if err := c.set(ctx, "lstay"); err != nil { // whether it is permitted at all
		return err
	}
	go func() {
		if err := c.many(context.WithoutCancel(ctx), "bring"); err != nil {
			c.remember("admin/bring", err)
		}
	}()
	return nil
}

func line(text string) string { return text + "\n" }

// whole reads a number as people write it.
func whole(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || strings.HasPrefix(text, "+") {
		return 0, invalid("%.40q is not a whole number", text)
	}
	return n, nil
}

func digit(text string) (bool, error) {
	switch text {
	case "0":
		return false, nil
	case "1":
		return true, nil
	}
	return false, invalid("%.40q is neither 0 nor 1", text)
}

func one(text string) error {
	if text != "1" {
		return invalid("%.40q is not 1", text)
	}
	return nil
}
