package tui

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"openmosix/internal/node/control"
)

func someNodes(count int) []control.Node {
	var nodes []control.Node
	for i := 1; i <= count; i++ {
		nodes = append(nodes, control.Node{Number: i, Up: i%5 != 3, Self: i == 1, Quiet: i%7 == 4, Accepting: i%6 != 5, Load: float64(i) / 4, Speed: 1000 * i, CPUs: i % 3,
			MemTotal: 8 << 30, MemFree: uint64(i) << 26, MemAvailable: uint64(i) << 27, Utilisation: i * 10 % 101})
	}
	return nodes
}

func press(m tea.Model, keys ...string) tea.Model {
	for _, k := range keys {
		var key tea.KeyPressMsg
		switch k {
		case "right":
			key = tea.KeyPressMsg{Code: tea.KeyRight}
		case "up":
			key = tea.KeyPressMsg{Code: tea.KeyUp}
		case "down":
			key = tea.KeyPressMsg{Code: tea.KeyDown}
		case "enter":
			key = tea.KeyPressMsg{Code: tea.KeyEnter}
		case "esc":
			key = tea.KeyPressMsg{Code: tea.KeyEscape}
		default:
			key = tea.KeyPressMsg{Code: rune(k[0]), Text: k}
		}
		m, _ = m.Update(key)
	}
	return m
}

// check that the screen has its size exactly, whatever is on it.
func checkScreen(t *testing.T, what, screen string, width, height int) {
	t.Helper()
	lines := strings.Split(screen, "\n")
	if len(lines) > height {
		t.Errorf("%s: %d lines on a screen of %d\n%s", what, len(lines), height, screen)
	}
	for i, l := range lines {
		if w := lipgloss.Width(l); w > width {
			t.Errorf("%s: line %d has %d cells of %d: %q", what, i, w, width, l)
		}
	}
}

func TestMonitorFitsEveryScreen(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {200, 60}, {20, 5}} {
		for _, count := range []int{0, 3, 16, 400} {
			var m tea.Model = newMonitor(t.Context(), nil, Options{Figure: Load, Layout: Auto, Every: time.Second, Totals: true, Dead: true})
			m, _ = m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
			m, _ = m.Update(answered{cluster: Cluster{Nodes: someNodes(count), Yard: 20000}})
			for _, k := range []string{"l", "L", "s", "m", "r", "u", "w", "v", "V", "a", "d", "t", "y", "n", "right", "p"} {
				m = press(m, k)
				checkScreen(t, fmt.Sprintf("%v, %d nodes, key %s", size, count, k), m.(monitor).screen(), size[0], size[1])
			}
		}
	}
}

func TestMonitorShows(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	var m tea.Model = newMonitor(t.Context(), nil, Options{Figure: Load, Layout: Auto, Every: time.Second})
	if s := m.(monitor).screen(); !strings.Contains(s, "asking") {
		t.Error(s)
	}
	m, _ = m.Update(answered{cluster: Cluster{Nodes: someNodes(4), Yard: 10000}})
	s := m.(monitor).screen()
	if strings.Contains(s, "D") || !strings.Contains(s, "#") {
		t.Errorf("a dead node is shown, or no bars are:\n%s", s)
	}
	m = press(m, "d", "t")
	s = m.(monitor).screen()
	for _, want := range []string{"3 of 4 nodes up", "D", "Q"} {
		if !strings.Contains(s, want) {
			t.Errorf("%q is missing:\n%s", want, s)
		}
	}
	m = press(m, "m")
	if s := m.(monitor).screen(); !strings.Contains(s, "+++") || !strings.Contains(s, "Memory") {
		t.Error(s)
	}
	m, _ = m.Update(answered{err: errors.New("the daemon has gone")})
	if s := m.(monitor).screen(); !strings.Contains(s, "the daemon has gone") || !strings.Contains(s, "#") {
		t.Errorf("after a failure the last answer and the reason are shown:\n%s", s)
	}
	if s := press(m, "h").(monitor).screen(); !strings.Contains(s, "underlined") {
		t.Error(s)
	}
	checkScreen(t, "help", monitorHelp, 80, 24)
	if _, quit := m.Update(tea.KeyPressMsg{Code: 'q', Text: "q"}); quit == nil {
		t.Error("q does not quit")
	}
}

func unstyled(screen string) string {
	return regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(screen, "")
}

// A drained node looks like one that idles, unless it is marked; so it is in every layout.
func TestMonitorMarksNodesThatTakeNoGuests(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	nodes := []control.Node{
		{Number: 1, Up: true, Self: true, Accepting: true},
		{Number: 2, Up: true},
		{Number: 3, Up: true, Accepting: true, Refuses: "the owner is back"},
		{Number: 4},
	}
	for layout, want := range map[Layout]string{Wide: "        x     -", Vertical: "  x -", Tight: " x-"} {
		var m tea.Model = newMonitor(t.Context(), nil, Options{Figure: Load, Layout: layout, Every: time.Second, Totals: true, Dead: true})
		m, _ = m.Update(answered{cluster: Cluster{Nodes: nodes}})
		s := unstyled(m.(monitor).screen())
		if !strings.Contains(s, strings.Repeat(" ", axisWidth)+want) || !strings.Contains(s, "2 lending nothing") {
			t.Errorf("layout %c: no marks as in %q:\n%s", layout, want, s)
		}
		nodes[1].Accepting, nodes[2].Refuses = true, ""
		m, _ = m.Update(answered{cluster: Cluster{Nodes: nodes}})
		if s := unstyled(m.(monitor).screen()); strings.Contains(s, "lending nothing") || strings.Contains(s, " "+want) {
			t.Errorf("layout %c: marks without a reason:\n%s", layout, s)
		}
		nodes[1].Accepting, nodes[2].Refuses = false, "the owner is back"
	}
}

func TestMonitorAsksAgain(t *testing.T) {
	asked := 0
	m := newMonitor(t.Context(), func(context.Context) (Cluster, error) { asked++; return Cluster{}, nil }, Options{Every: time.Millisecond})
	message := m.Init()()
	_, again := m.Update(message)
	_, once := m.Update(again())
	once()
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
}
