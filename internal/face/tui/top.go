package tui

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"openmosix/internal/node/control"
	"openmosix/internal/node/listing"
)

// Processes is what mtop knows at one moment.
type Processes struct {
	At    time.Time
	Home  int // this node
	Rows  []listing.Row
	Nodes []control.Node
}

// Daemon is what mtop asks and tells the node daemon.
type Daemon interface {
	Processes(ctx context.Context) (Processes, error)
	// Move gives the outcome in words; to is a node's number or name, or home.
	Move(ctx context.Context, pid int, to string) string
	Why(ctx context.Context, pid int) string
	UserName(uid int) string
}

// TopOptions are how mtop begins.
type TopOptions struct {
	Every time.Duration
	Sort  Order
	Away  bool // only processes that are away
	Own   bool // only one's own
	UID   int  // whose own
}

type top struct {
	TopOptions
	look
	ctx    context.Context
	daemon Daemon
	now    Processes
	usage  usage
	err    error
	asked  bool

	rows   []Line // what is shown, in order
	chosen int    // pid
	picked bool   // a key was pressed; until then the first one is chosen
	first  int    // index of the first line on the screen
	filter string
	say    string // the last word on what was done
	prompt string // what is being typed: "/" for a filter, "g" for a destination
	typed  string
	help   bool
	width  int
	height int
}

type (
	listed struct {
		processes Processes
		err       error
	}
	told string
)

// Top lists processes until the user has seen enough.
func Top(ctx context.Context, daemon Daemon, o TopOptions) error {
	_, err := tea.NewProgram(newTop(ctx, daemon, o), tea.WithContext(ctx)).Run()
	return ended(ctx, err)
}

func newTop(ctx context.Context, daemon Daemon, o TopOptions) top {
	return top{TopOptions: o, look: newLook(), ctx: ctx, daemon: daemon, width: 80, height: 24}
}

func (m top) Init() tea.Cmd { return m.ask }

func (m top) ask() tea.Msg {
	p, err := m.daemon.Processes(m.ctx)
	return listed{p, err}
}

func (m top) Update(message tea.Msg) (tea.Model, tea.Cmd) {
	switch message := message.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = message.Width, message.Height
	case listed:
		m.asked, m.err = true, message.err
		if message.err == nil {
			m.now = message.processes
			m.usage = m.usage.next(m.now)
		}
		m.arrange()
		return m, tea.Tick(m.Every, func(time.Time) tea.Msg { return due{} })
	case due:
		return m, m.ask
	case told:
		m.say = string(message)
	case tea.KeyPressMsg:
		m.picked = true
		return m.key(message)
	}
	m.arrange()
	return m, nil
}

// arrange derives what is shown, and keeps the chosen process on the screen.
func (m *top) arrange() {
	m.rows = m.usage.lines(m.now.Rows, m.Sort, m.keep)
	if len(m.rows) == 0 {
		m.chosen, m.first = 0, 0
		return
	}
	at := m.index()
	if at < 0 || !m.picked {
		at = min(m.first, len(m.rows)-1)
		m.chosen = m.rows[at].PID
	}
	room := m.room()
	m.first = min(max(m.first, at-room+1, 0), at)
}

func (m *top) index() int {
	return slices.IndexFunc(m.rows, func(l Line) bool { return l.PID == m.chosen })
}

func (m *top) keep(r listing.Row) bool {
	switch {
	case m.Away && r.Node == 0, m.Own && r.UID != m.UID:
		return false
	case m.filter == "":
		return true
	}
	text := strings.ToLower(r.Command + " " + m.daemon.UserName(r.UID) + " " + strconv.Itoa(r.PID))
	return strings.Contains(text, strings.ToLower(m.filter))
}

func (m top) key(k tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	if m.help {
		m.help = false
		return m, nil
	}
	if m.prompt != "" {
		return m.typing(k)
	}
	word := k.String()
	var act tea.Cmd
	switch word {
	case "q", "ctrl+c":
		return m, tea.Quit
	case "?":
		m.help = true
	case "down", "j":
		m.step(1)
	case "up", "k":
		m.step(-1)
	case "pgdown", "space":
		m.step(m.room())
	case "pgup":
		m.step(-m.room())
	case "home":
		m.step(-len(m.rows))
	case "end":
		m.step(len(m.rows))
	case "c", "m", "t", "n", "p", "i":
		m.Sort = orders[word]
	case "a":
		m.Away = !m.Away
	case "u":
		m.Own = !m.Own
	case "/":
		m.prompt, m.typed = "/", m.filter
	case "g":
		m.prompt, m.typed = "g", ""
	case "esc":
		m.filter = ""
	case "h", "0":
		act = m.move("home")
	case "1", "2", "3", "4", "5", "6", "7", "8", "9":
		act = m.move(word)
	case "w":
		if pid := m.chosen; pid > 0 {
			act = func() tea.Msg { return told(m.daemon.Why(m.ctx, pid)) }
		}
	}
	m.arrange()
	return m, act
}

// typing is a line at the bottom that is being written.
func (m top) typing(k tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	var act tea.Cmd
	switch k.String() {
	case "esc", "ctrl+c":
		m.prompt = ""
	case "enter":
		if m.prompt == "/" {
			m.filter = m.typed
		} else if m.typed != "" {
			act = m.move(m.typed)
		}
		m.prompt = ""
	case "backspace":
		if r := []rune(m.typed); len(r) > 0 {
			m.typed = string(r[:len(r)-1])
		}
	default:
		if len(m.typed) < 64 {
			m.typed += k.Text
		}
	}
	m.arrange()
	return m, act
}

// move sends the chosen process somewhere; the screen goes on meanwhile.
func (m *top) move(to string) tea.Cmd {
	pid := m.chosen
	if pid <= 0 {
		return nil
	}
	m.say = fmt.Sprintf("moving %d to %s ...", pid, to)
	if to == "home" {
		m.say = fmt.Sprintf("moving %d home ...", pid)
	}
	daemon, ctx := m.daemon, m.ctx
	return func() tea.Msg { return told(daemon.Move(ctx, pid, to)) }
}

func (m *top) step(by int) {
	if len(m.rows) == 0 {
		return
	}
	at := min(max(max(m.index(), 0)+by, 0), len(m.rows)-1)
	m.chosen = m.rows[at].PID
}

func (m *top) room() int { return max(m.height-topHead-1, 1) }

func (m top) View() tea.View {
	v := tea.NewView(m.screen())
	v.AltScreen = true
	v.WindowTitle = "mtop"
	return v
}
