package wire

// Protocol numbers what a home supervisor and a guest supervisor say to each other: the kinds of frames and
// the messages of this package, the images (package image) and calls (package syscalls) in them. It is raised
// when a supervisor of before could misunderstand one of now, or the other way round. A field that may be
// missing, or a kind that is only used once the other side has said that it knows it, is no reason to.
//
// It is compared before a session is opened: a process is refused at once, with words, by a node of another
// version. What was opened goes on: both its ends are what they were, whatever has been installed since.
const Protocol = 1

// Unsaid is the protocol of versions that did not tell theirs. They understand only each other, if that.
const Unsaid = 0

// Understand tells whether two supervisors of these protocols do.
func Understand(one, other int) bool { return one == other && one != Unsaid }
