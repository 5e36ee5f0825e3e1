// Package soak lets a cluster live: nodes on which many kinds of real programs
// are started and move by themselves, while nodes are drained, leave, die and
// join again, daemons are killed, and people move things about. Every program
// has to end as it does at home, with the same output and the same status;
// only what was on a node that died, or came from there, may die with it, and
// then it has to be seen that it did. In the end nothing is left on any node.
//
//	OPENMOSIX=bin/openmosix go test ./test/soak -v -args -duration 30m
//
// One goroutine, the driver's, does everything in the order that the seed says;
// each program has another one that waits for its end.
package soak
