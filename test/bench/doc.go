// Package bench measures moves in a lab: how long a process stands still, and
// how fast its memory travels compared with a plain TCP copy in the same run.
// It judges nothing: figures of one machine say something only beside each other.
//
//	OPENMOSIX=bin/openmosix go test ./test/bench -run '^$' -bench . -benchtime 5x
package bench
