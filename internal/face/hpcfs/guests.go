package hpcfs

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"openmosix/internal/node/control"
	"openmosix/internal/node/policy"
)

var guestFiles = []file{
	{in: guest, name: "from", mode: seen, about: "the number of its home node",
		read: func(ctx context.Context, c *call) (string, error) {
			g, err := c.guest(ctx)
			return line(strconv.Itoa(g.Home)), err
		}},
	{in: guest, name: "identity", mode: seen, about: "what its home discloses of it: nothing; pid there; and uid, gid; and command with its arguments",
		read: func(ctx context.Context, c *call) (string, error) {
			g, err := c.guest(ctx)
			return identityText(g), err
		}},
	{in: guest, name: "statm", mode: seen, about: "its memory in pages, as in /proc/PID/statm",
		read: func(ctx context.Context, c *call) (string, error) {
			if _, err := c.guest(ctx); err != nil {
				return "", err
			}
			text, err := os.ReadFile(c.Proc.Path(c.number, "statm"))
			if err != nil {
				return "", errGone
			}
			return string(text), nil
		}},
	{in: guest, name: "stats", mode: seen, about: "lines of a word and a number: cputime, seconds used here; rss, bytes of memory used",
		read: func(ctx context.Context, c *call) (string, error) {
			g, err := c.guest(ctx)
			return fmt.Sprintf("cputime %d.%03d\nrss %d\n", g.CPU/1e6, g.CPU/1e3%1e3, g.RSS), err
		}},
}

// identityText quotes the command: it is another node's, and may be any bytes. A
// child that has come into being here has none.
func identityText(g control.Guest) string {
	text := ""
	if g.Disclosed >= policy.TellPID {
		text += fmt.Sprintf("pid %d\n", g.HomePID)
	}
	if g.UID != nil && g.GID != nil {
		text += fmt.Sprintf("uid %d\ngid %d\n", *g.UID, *g.GID)
	}
	command := g.Command
	if len(g.Args) > 0 {
		command = strings.Join(g.Args, " ")
	}
	if command != "" {
		text += fmt.Sprintf("command %q\n", command)
	}
	return text
}
