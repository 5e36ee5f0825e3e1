// Package failure ends the parts of openMosix in the middle of their work, at
// named points of a move (package fault): supervisors, daemons, the process
// itself, the connections between nodes. Before the commit the process goes on where it was; after it, it dies
// visibly, as if killed, and the log says why; whatever happens, nothing is
// left behind on any node. It also checks that many moves leave nothing behind.
package failure
