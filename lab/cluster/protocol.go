package cluster

// What travels between Exec and an init: one request with the files that are
// to be the command's standard input, output and error (those that are not the
// new terminal), then notes to the init and answers from it. Both ends are
// root; the socket lies in a directory nobody else may enter.

type request struct {
	Status bool // only ask how the node is; the rest is unused

	Argv     []string
	Env      []string
	Dir      string
	DirWish  bool // Dir is a wish: / if the node does not have it
	UID      int
	GID      int
	Groups   []int
	Terminal [3]bool // which of 0, 1, 2 are the new terminal
	Size     size
}

type size struct {
	Rows, Cols uint16
}

// note is what Exec tells the init while the command runs.
type note struct {
	Signal int
}

// answer is what the init tells Exec: first that the command runs (with the
// terminal's master attached if there is one) or why not, then how it ended.
type answer struct {
	PID    int    // first answer: in the node's numbers
	Error  string // first answer: not started
	Code   int    // with Error: the exit status a shell would give; last answer: the exit status
	Signal int    // last answer: the signal that ended it, 0 if it exited
	Ended  bool   // last answer

	Daemon string // answer to Status
}
