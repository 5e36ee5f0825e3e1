package tui

import (
	"context"
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"openmosix/internal/model/load"
	"openmosix/internal/node/control"
)

// Cluster is what the monitor knows of the nodes.
type Cluster struct {
	Nodes []control.Node
	Yard  int
}

// Options of the monitor, as the command line gives them.
type Options struct {
	Figure Figure
	Layout Layout
	Dead   bool // show nodes that are down
	Totals bool
	First  int // number of the first node shown
	Every  time.Duration
}

// Fetch asks the daemon.
type Fetch func(context.Context) (Cluster, error)

type monitor struct {
	Options
	look
	ctx    context.Context
	fetch  Fetch
	now    Cluster
	err    error
	asked  bool // the first answer is there
	help   bool
	units  bool // loads in standard units instead of the yardstick's
	width  int
	height int
}

type (
	answered struct {
		cluster Cluster
		err     error
	}
	due struct{}
)

// Monitor shows the nodes until the user has seen enough.
func Monitor(ctx context.Context, fetch Fetch, o Options) error {
	_, err := tea.NewProgram(newMonitor(ctx, fetch, o), tea.WithContext(ctx)).Run()
	return ended(ctx, err)
}

// ended: to be interrupted is no failure of a program that shows something.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func newMonitor(ctx context.Context, fetch Fetch, o Options) monitor {
	return monitor{Options: o, look: newLook(), ctx: ctx, fetch: fetch, width: 80, height: 24}
}

func (m monitor) Init() tea.Cmd { return m.ask }

func (m monitor) ask() tea.Msg {
	c, err := m.fetch(m.ctx)
	return answered{c, err}
}

func (m monitor) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	switch message := message.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = message.Width, message.Height
	case answered:
		m.asked, m.err = true, message.err
		if message.err == nil {
			m.now = message.cluster
		}
		return m, tea.Tick(m.Every, func(time.Time) tea.Msg { return due{} })
	case due:
		return m, m.ask
	case tea.KeyPressMsg:
		return m.key(message.String())
	}
	return m, nil
}

func (m monitor) key(k string) (tea.Model, tea.Cmd) {
	if m.help {
		m.help = false // any key
		return m, nil
	}
	switch k {
	case "q", "ctrl+c", "esc":
		return m, tea.Quit
	case "h", "H", "?":
		m.help = true
	case "l", "L", "s", "m", "r", "u":
		m.Figure = Figure(k[0])
	case "w", "v", "V", "a":
		m.Layout = Layout(k[0])
	case "d":
		m.Dead = !m.Dead
	case "t":
		m.Totals = !m.Totals
	case "y":
		m.units = !m.units
	case "right", "left":
		m.scroll(map[string]int{"right": 1, "left": -1}[k])
	case "n", "pgdown":
		m.scroll(m.page())
	case "p", "pgup":
		m.scroll(-m.page())
	case "home":
		m.First = 0
	}
	return m, nil
}

// scroll moves the first node shown along those there are.
func (m *monitor) scroll(by int) {
	all := m.shown(0)
	if len(all) == 0 {
		return
	}
	at := slices.IndexFunc(all, func(n control.Node) bool { return n.Number >= m.First })
	at = min(max(max(at, 0)+by, 0), len(all)-1)
	m.First = all[at].Number
}

func (m *monitor) page() int {
	w := columnWidth(m.Layout, len(m.shown(0)), m.width-axisWidth)
	return max((m.width-axisWidth)/w, 1)
}

// shown are the nodes from a number on, without those down unless they are wanted.
func (m monitor) shown(first int) []control.Node {
	var out []control.Node
	for _, n := range m.now.Nodes {
		if n.Number >= first && (n.Up || m.Dead) {
			out = append(out, n)
		}
	}
	return out
}

func (m monitor) View() tea.View {
	v := tea.NewView(m.screen())
	v.AltScreen = true
	v.WindowTitle = "mosmon"
	return v
}

func (m monitor) screen() string {
	if m.help {
		return page(monitorHelp, m.width, m.height)
	}
	unit, unitText := 1.0, "1 = one busy standard processor"
	if y := max(m.now.Yard, 1); y != load.Standard {
		unitText = fmt.Sprintf("1 = one busy processor of speed %d", y)
		if m.units {
			unit, unitText = float64(y)/load.Standard, "1 = one busy standard processor"
		}
	}
	heading := headings[m.Figure]
	if m.Figure == Load || m.Figure == LogLoad {
		heading += "  " + unitText
	}
	lines := []string{m.title.Render(fit("openMosix  "+heading, m.width))}
	foot := []string{m.status()}
	if m.Totals {
		foot = append([]string{fit(totals(m.now.Nodes), m.width)}, foot...)
	}
	var columns []column
	for _, n := range m.shown(m.First) {
		columns = append(columns, columnOf(n, m.Figure, unit))
	}
	room := max(m.height-len(lines)-len(foot), 3)
	if len(columns) == 0 {
		lines = append(lines, "", m.nothing())
		for len(lines) < 1+room {
			lines = append(lines, "")
		}
	} else {
		lines = append(lines, m.bars(columns, m.Figure, m.Layout, m.width, room)...)
	}
	return clip(append(lines, foot...), m.height)
}

func (m monitor) nothing() string {
	switch {
	case !m.asked:
		return "  asking the node daemon ..."
	case m.err == nil:
		return "  no nodes to show"
	}
	return ""
}

func (m monitor) status() string {
	if m.err != nil {
		return m.bad.Render(fit(m.err.Error(), m.width))
	}
	return m.dim.Render(fit("q quit  h help  l/L load  m/r memory  u use  s speed  d dead  t totals", m.width))
}

// totals are of the nodes that are up.
func totals(nodes []control.Node) string {
	var up, cpus, guests, relayed, shut int
	var sum float64
	var used, whole uint64
	told := 0
	for _, n := range nodes {
		if !n.Up {
			continue
		}
		up++
		cpus += n.CPUs
		if n.Via != 0 {
			relayed++
		}
		if shutOf(n) != "" {
			shut++
		}
		if !n.Quiet || n.Self {
			guests += n.Guests
			whole += n.MemTotal
			used += n.MemTotal - min(n.MemTotal, n.MemFree)
			sum += n.Load
			told++
		}
	}
	lend := ""
	if shut > 0 {
		lend = fmt.Sprintf(", %d lending nothing", shut)
	}
	text := fmt.Sprintf("%d of %d nodes up%s, %d CPUs, load %.2f on average, %d of %d MiB in use, %d guests",
		up, len(nodes), lend, cpus, sum/float64(max(told, 1)), used>>20, whole>>20, guests)
	if relayed > 0 {
		text += fmt.Sprintf(", %d via relays", relayed)
	}
	return text
}

// heat is the colour of a bar; its height says the same.
func (l look) heat(c column, f Figure) lipgloss.Style {
	share := 0.0
	switch f {
	case Load:
		share = c.value / 2
	case LogLoad:
		share = c.value / 2.5
	case Memory, RawMemory:
		share = c.value / max(c.whole, 1)
	case Utilisation:
		share = c.value / 101
	}
	switch {
	case share >= 0.95:
		return l.bad
	case share > 0.5:
		return l.warm
	}
	return l.good
}

const monitorHelp = `mosmon: a bar for each node

  l   load: 1 is one process that always runs   L   the same, logarithmic
  m   memory: in use, + up to all that can be   r   memory as the node's own
      lent                                          kernel counts it
  u   share of the processors' time in use      s   speed of a processor

  w   wide columns                              v   numbers written downwards
  V   the same, tight                           a   whichever fits
  d   show dead nodes, or not                   t   totals, or not
  y   load in units of the yardstick, or of the standard processor

  left, right   scroll                          n, p   a page
  home          the first node                  q      quit

The node underlined is this one. DEAD: does not answer. QUIET: tells nothing.
Below its number: x takes no guests (mosctl block), - takes none just now.

Any key goes back.`
