package tui

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"openmosix/internal/node/listing"
)

type fakeDaemon struct{ moves []string }

func (d *fakeDaemon) Processes(context.Context) (Processes, error) { return someProcesses(0), nil }
func (d *fakeDaemon) Move(_ context.Context, pid int, to string) string {
	d.moves = append(d.moves, fmt.Sprint(pid, " ", to))
	return "moved"
}
func (d *fakeDaemon) Why(_ context.Context, pid int) string { return fmt.Sprint(pid, " can move") }
func (d *fakeDaemon) UserName(uid int) string               { return fmt.Sprintf("user%d", uid) }

func someProcesses(second int) Processes {
	p := Processes{At: time.Unix(int64(second), 0), Home: 1, Nodes: someNodes(4)}
	for i := 1; i <= 60; i++ {
		p.Rows = append(p.Rows, listing.Row{PID: 100 + i, Start: 1, UID: i % 2, Node: i % 4, Moves: i % 3, Stat: "S",
			CPU: time.Duration(second*i) * time.Second / 100, RSS: uint64(1000-i) << 20, Command: fmt.Sprintf("program-%d 漢字 with a long line of arguments %s", i, strings.Repeat("x", 200))})
	}
	return p
}

func run(m tea.Model, key string) tea.Model {
	var code tea.KeyPressMsg
	if len(key) == 1 {
		code = tea.KeyPressMsg{Code: rune(key[0]), Text: key}
	}
	m, act := m.Update(code)
	if act != nil {
		m, _ = m.Update(act())
	}
	return m
}

func TestTop(t *testing.T) {
	d := &fakeDaemon{}
	var m tea.Model = newTop(t.Context(), d, TopOptions{Every: time.Second})
	m, _ = m.Update(listed{processes: someProcesses(0)})
	m, _ = m.Update(listed{processes: someProcesses(1)})
	if got := m.(top).rows[0]; got.PID != 160 || got.Share < 59 || got.Share > 61 {
		t.Errorf("the busiest is %+v", got)
	}
	for _, c := range []struct {
		key   string
		first int
	}{{"m", 101}, {"p", 101}, {"n", 103}, {"i", 102}, {"t", 160}, {"c", 160}} {
		m = press(m, c.key)
		if got := m.(top).rows[0].PID; got != c.first {
			t.Errorf("sorted with %s, %d is first, want %d", c.key, got, c.first)
		}
	}
	m = press(m, "p", "u")
	if n := len(m.(top).rows); n != 30 {
		t.Errorf("%d of one's own", n)
	}
	m = press(m, "u", "a")
	if n := len(m.(top).rows); n != 45 {
		t.Errorf("%d away", n)
	}
	m = press(m, "a", "/", "m", "-", "1", "2", "enter")
	if rows := m.(top).rows; len(rows) != 1 || rows[0].PID != 112 || m.(top).chosen != 112 {
		t.Errorf("filtered: %+v", rows)
	}
	m = run(m, "3")
	m = run(m, "h")
	m = press(m, "g", "b", "o", "x")
	if !strings.Contains(m.(top).screen(), "box_") {
		t.Errorf("what is typed is not shown:\n%s", m.(top).screen())
	}
	m, act := m.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
	act()
	if got := strings.Join(d.moves, ", "); got != "112 3, 112 home, 112 box" {
		t.Errorf("moves: %s", got)
	}
	m = run(m, "w")
	if !strings.Contains(m.(top).screen(), "112 can move") {
		t.Error(m.(top).screen())
	}
	m = press(m, "esc")
	if n := len(m.(top).rows); n != 60 {
		t.Errorf("%d after the filter is gone", n)
	}
}

func TestTopFitsEveryScreen(t *testing.T) {
	for _, size := range [][2]int{{80, 24}, {200, 70}, {30, 4}, {10, 2}} {
		var m tea.Model = newTop(t.Context(), &fakeDaemon{}, TopOptions{Every: time.Second})
		m, _ = m.Update(tea.WindowSizeMsg{Width: size[0], Height: size[1]})
		checkScreen(t, "empty", m.(top).screen(), size[0], size[1])
		m, _ = m.Update(listed{processes: someProcesses(1)})
		for _, k := range []string{"down", "j", "up", "c", "w", "a", "?", "?", "/", "z", "enter", "esc", "g", "x", "esc"} {
			m = press(m, k)
			checkScreen(t, fmt.Sprintf("%v key %s", size, k), m.(top).screen(), size[0], size[1])
		}
		for range 70 {
			m = press(m, "down")
			if s := m.(top).screen(); size[1] > 5 && !strings.Contains(s, ">") {
				t.Fatalf("the chosen process is not on the screen:\n%s", s)
			}
		}
	}
	checkScreen(t, "help", topHelp, 80, 24)
}

func TestTexts(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0:00.00", 61*time.Second + 340*time.Millisecond: "1:01.34", 3661 * time.Second: "1:01:01", 400 * time.Hour: "400h"} {
		if got := timeText(d); got != want {
			t.Errorf("%v is %s, want %s", d, got, want)
		}
	}
	for n, want := range map[uint64]string{0: "0K", 5 << 20: "5120K", 50 << 20: "50M", 12 << 30: "12.0G"} {
		if got := SizeText(n); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
	}
}
