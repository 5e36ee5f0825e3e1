package hpcfs

import (
	"context"
	"slices"
)

// place is a directory of files. Those of nodes, guests and processes are there
// once for each, under its number.
type place int

const (
	admin place = iota + 1
	decay
	node
	guest
	process
)

// places in the order in which they are shown.
var places = []struct {
	place
	dir      string
	numbered bool
	about    string
}{
	{admin, "admin", false, "this node"},
	{decay, "decay", false, "the process that writes: 1 is written to say what kind of work it does, now and by what it starts"},
	{node, "nodes", true, "a node of the cluster"},
	{guest, "remote", true, "a guest of this node, by its number here"},
	{process, "proc", true, "a process; proc/self is that of the caller"},
}

// file is one row of the table. Without read or write it cannot be read or
// written. What read returns is shown as it is; what is written comes without
// the blanks around it.
type file struct {
	in    place
	name  string
	mode  uint32 // what ls shows and access(2) answers; the daemon decides
	read  func(ctx context.Context, c *call) (string, error)
	write func(ctx context.Context, c *call, text string) error
	about string
}

// Modes. Those of processes belong to the process's user, all others to root.
const (
	seen    = 0o444 // by everybody
	tuned   = 0o644 // seen by everybody, written by root
	ordered = 0o200 // written by the owner
	owned   = 0o600 // seen and written by the owner
	private = 0o400 // seen by the owner
	said    = 0o222 // written by everybody, of themselves
)

// table has every file.
var table = slices.Concat(adminFiles, decayFiles, nodeFiles, guestFiles, processFiles)

// filesIn lists the rows of a place.
func filesIn(p place) []file {
	return slices.DeleteFunc(slices.Clone(table), func(f file) bool { return f.in != p })
}

// Row is a file for people: N in its path stands for a number.
type Row struct {
	Path  string `json:"path"`
	Read  bool   `json:"read"`
	Write bool   `json:"write"`
	About string `json:"about"`
}

// Table lists every file, by directory.
func Table() []Row {
	var rows []Row
	for _, p := range places {
		dir := p.dir + "/"
		if p.numbered {
			dir += "N/"
		}
		for _, f := range filesIn(p.place) {
			rows = append(rows, Row{Path: dir + f.name, Read: f.read != nil, Write: f.write != nil, About: f.about})
		}
	}
	return rows
}
