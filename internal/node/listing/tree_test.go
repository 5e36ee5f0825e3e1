package listing

import (
	"fmt"
	"strings"
	"testing"
)

func TestTree(t *testing.T) {
	for _, c := range []struct {
		pairs [][2]int // pid, parent
		want  string
	}{
		{nil, ""},
		{[][2]int{{1, 0}, {2, 1}, {3, 2}, {4, 1}, {9, 7}}, `1, \_ 2,    \_ 3, \_ 4,9`},
		{[][2]int{{5, 5}}, "5"},
	} {
		var rows []Row
		for _, p := range c.pairs {
			rows = append(rows, Row{PID: p[0], PPID: p[1]})
		}
		out, branches := Tree(rows)
		var got []string
		for i, r := range out {
			got = append(got, fmt.Sprint(strings.TrimSuffix(branches[i], " ")+" ", r.PID))
		}
		text := strings.ReplaceAll(strings.Join(got, ","), ", ", ",")
		if strings.ReplaceAll(text, " ", "") != strings.ReplaceAll(c.want, " ", "") || len(out) != len(rows) {
			t.Errorf("%v: %s, want %s", c.pairs, text, c.want)
		}
	}
	out, branches := Tree([]Row{{PID: 1, PPID: 2}, {PID: 2, PPID: 1}})
	if len(branches) != len(out) || len(out) < 1 {
		t.Errorf("a circle: %v", out)
	}
}
