// Package commands judges the commands on a lab, by scripts in testdata: what
// they print, their exit statuses, their JSON. In a script,
//
//	node N [STATUS] COMMAND...
//
// runs a command of node N and expects the exit status (0 if none is given);
// stdout and stderr compare what it printed. openmosix need not be written.
package commands
