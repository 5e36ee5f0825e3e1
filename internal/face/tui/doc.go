// Package tui is the full-screen programs: the monitor of the nodes (mosmon)
// and the list of processes (mtop).
//
// Each is a bubbletea model: keys and answers of the daemon come in as messages
// and change it, and what is on the screen is a function of it alone. Only
// commands (tea.Cmd) talk to the daemon. Both work at 80 columns and 24 lines,
// and without colours: nothing is told by a colour only.
package tui
