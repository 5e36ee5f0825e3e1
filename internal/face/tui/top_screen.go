package tui

import (
	"fmt"
	"strings"
	"time"
)

// topHead is how many lines are above the processes.
const topHead = 3

func (m top) screen() string {
	if m.help {
		return page(topHelp, m.width, m.height)
	}
	away := 0
	for _, r := range m.now.Rows {
		if r.Node != 0 {
			away++
		}
	}
	summary := fmt.Sprintf("openMosix  node %d  %d processes, %d away  sorted by %s", m.now.Home, len(m.now.Rows), away, orderNames[m.Sort])
	for _, limit := range []struct {
		on   bool
		text string
	}{{m.Away, "away only"}, {m.Own, "own only"}, {m.filter != "", "with " + m.filter}} {
		if limit.on {
			summary += ", " + limit.text
		}
	}
	lines := []string{
		m.title.Render(fit(summary, m.width)),
		fit(m.nodesLine(), m.width),
		m.title.Render(fit(TopHeading, m.width)),
	}
	room := m.room()
	for i := range room {
		at := m.first + i
		if at >= len(m.rows) {
			lines = append(lines, "")
			continue
		}
		l := m.rows[at]
		text := fit(l.Text(m.daemon.UserName(l.UID)), m.width)
		switch {
		case l.PID == m.chosen:
			text = m.look.chosen.Render(">" + text[1:])
		case l.Node != 0:
			text = m.good.Render(text)
		}
		lines = append(lines, text)
	}
	if len(m.rows) == 0 {
		note := "  no such processes (esc removes the filter)"
		if !m.asked {
			note = "  asking the node daemon ..."
		}
		lines[topHead] = fit(note, m.width)
	}
	return clip(append(lines, m.bottom()), m.height)
}

var orderNames = map[Order]string{ByCPU: "CPU", ByMemory: "memory", ByTime: "time", ByNode: "node", ByPID: "pid", ByMoves: "moves"}

// nodesLine tells where there is room.
func (m top) nodesLine() string {
	var parts []string
	for _, n := range m.now.Nodes {
		text := fmt.Sprintf("%d", n.Number)
		switch {
		case n.Self:
			text += " (here)"
		case !n.Up:
			text += " down"
		case !n.Accepting:
			text += " blocked"
		}
		if n.Up && (!n.Quiet || n.Self) {
			text += fmt.Sprintf(" load %.2f", n.Load)
		}
		parts = append(parts, text)
	}
	return "nodes: " + strings.Join(parts, " | ")
}

func (m top) bottom() string {
	switch {
	case m.prompt == "/":
		return fit("show only (enter, esc): "+m.typed+"_", m.width)
	case m.prompt == "g":
		return fit(fmt.Sprintf("move %d to node (number, name or home; enter, esc): %s_", m.chosen, m.typed), m.width)
	case m.err != nil:
		return m.bad.Render(fit(m.err.Error(), m.width))
	case m.say != "":
		return fit(m.say, m.width)
	}
	return m.dim.Render(fit("1-9 move there  h home  g go to  w why  / filter  a away  u own  ? help  q quit", m.width))
}

// TopHeading is above the texts of lines.
const TopHeading = "    PID USER     NODE MIGS S  %CPU     TIME      MEM COMMAND"

// Text is a line of the list.
func (l Line) Text(user string) string {
	return fmt.Sprintf("%7d %s %4s %4d %s %5.1f %8s %8s %s", l.PID, fit(user, 8), NodeText(l.Node), l.Moves, l.Stat, l.Share,
		timeText(l.CPU), SizeText(l.RSS), l.Command)
}

// NodeText of a process: a dash is here.
func NodeText(node int) string {
	if node == 0 {
		return "-"
	}
	return fmt.Sprint(node)
}

func timeText(d time.Duration) string {
	seconds := int64(d / time.Second)
	if seconds >= 100*3600 {
		return fmt.Sprintf("%dh", seconds/3600)
	}
	if seconds >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	}
	return fmt.Sprintf("%d:%02d.%02d", seconds/60, seconds%60, int64(d/(10*time.Millisecond))%100)
}

// SizeText is a size in the largest unit that leaves it three digits or so.
func SizeText(bytes uint64) string {
	switch {
	case bytes >= 10<<30:
		return fmt.Sprintf("%.1fG", float64(bytes)/(1<<30))
	case bytes >= 10<<20:
		return fmt.Sprintf("%dM", bytes>>20)
	}
	return fmt.Sprintf("%dK", bytes>>10)
}

const topHelp = `mtop: the processes of this node, wherever they run

  up, down (k, j)     choose a process        page up, page down, home, end
  1 ... 9             move it to that node    h, 0   bring it home
  g                   move it to a node whose number or name is typed
  w                   can it move? if not, why not

  c   sort by use of CPU now                  m   by memory
  t   by CPU time                             n   by node
  i   by number of moves                      p   by pid

  a   only processes that are away, or all    u   only one's own, or all
  /   only those with a text in command, user or pid; esc shows all again
  q   quit

NODE is where a process runs, - is here. CPU time and memory are those it really
uses, here and away. You may move what you may kill.

Any key goes back.`
