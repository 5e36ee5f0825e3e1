package tui

import (
	"os"
	"strings"

	"charm.land/lipgloss/v2"
)

// look is how things appear. Terminals without colours show bold and reverse only.
type look struct {
	title, dim, good, warm, bad, chosen lipgloss.Style
	blocks                              []string // parts of a cell, from none to all of it
	spare                               string   // a cell of what is there but not in use
}

func newLook() look {
	l := look{
		title:  lipgloss.NewStyle().Bold(true),
		dim:    lipgloss.NewStyle().Faint(true),
		good:   lipgloss.NewStyle().Foreground(lipgloss.Color("2")),
		warm:   lipgloss.NewStyle().Foreground(lipgloss.Color("3")),
		bad:    lipgloss.NewStyle().Foreground(lipgloss.Color("1")).Bold(true),
		chosen: lipgloss.NewStyle().Reverse(true),
		blocks: []string{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
		spare:  "+",
	}
	if !utf8Terminal() {
		l.blocks = []string{" ", "#"}
	}
	return l
}

// utf8Terminal tells whether the terminal is to be told characters beyond ASCII.
func utf8Terminal() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := os.Getenv(name); value != "" {
			value = strings.ToLower(value)
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return false
}

// clip makes a screen of lines: too small a terminal shows the first of them.
func clip(lines []string, height int) string {
	return strings.Join(lines[:min(len(lines), max(height, 1))], "\n")
}

// page is a text on the whole screen.
func page(text string, width, height int) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = fit(lines[i], width)
	}
	return clip(lines, height)
}

// fit makes a line of exactly so many cells of plain text.
func fit(text string, width int) string {
	if width <= 0 {
		return ""
	}
	w := lipgloss.Width(text)
	if w <= width {
		return text + strings.Repeat(" ", width-w)
	}
	var b strings.Builder
	used := 0
	for _, r := range text {
		w := lipgloss.Width(string(r))
		if used+w > width {
			break
		}
		used += w
		b.WriteRune(r)
	}
	return b.String() + strings.Repeat(" ", width-used)
}
