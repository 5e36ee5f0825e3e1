package listing

import "strings"

// Tree puts children below their parents and gives, for each row, what to draw
// before its command. A process whose parent is not among the rows is a root.
func Tree(rows []Row) ([]Row, []string) {
	at := make(map[int]bool, len(rows))
	children := make(map[int][]Row)
	for _, r := range rows {
		at[r.PID] = true
	}
	var roots []Row
	for _, r := range rows {
		if at[r.PPID] && r.PPID != r.PID {
			children[r.PPID] = append(children[r.PPID], r)
		} else {
			roots = append(roots, r)
		}
	}
	out := make([]Row, 0, len(rows))
	branches := make([]string, 0, len(rows))
	var walk func(r Row, depth int)
	walk = func(r Row, depth int) {
		branch := ""
		if depth > 0 {
			branch = strings.Repeat("    ", depth-1) + ` \_ `
		}
		out, branches = append(out, r), append(branches, branch)
		below := children[r.PID]
		delete(children, r.PID) // seen at different moments, processes could form a circle
		for _, child := range below {
			walk(child, depth+1)
		}
	}
	for _, r := range roots {
		walk(r, 0)
	}
	for _, r := range rows { // what is in a circle has no root
		if _, left := children[r.PID]; left {
			walk(r, 0)
		}
	}
	return out, branches
}
