// Package visible makes words that others have chosen, programs or other nodes, such that they can do nothing to the
// terminal of whoever reads them.
package visible

import (
	"strings"
	"unicode"
)

// Line has a question mark for each rune that cannot be printed.
func Line(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// Text is Line for words of several lines, which stay lines.
func Text(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = Line(lines[i])
	}
	return strings.Join(lines, "\n")
}
