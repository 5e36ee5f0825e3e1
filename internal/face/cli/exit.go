package cli

import (
	"fmt"

	"openmosix/internal/model/supervisor"
	"openmosix/internal/node/control"
)

// Exit statuses. They are documented in the manual pages and never change.
const (
	ExitOK            = 0
	ExitFailure       = 1  // anything without a number of its own
	ExitUsage         = 2  // the command line is not understood; a number is none
	ExitNoProcess     = 3  // no such process
	ExitNotPermitted  = 4  // the process belongs to another user
	ExitCannotMove    = 5  // the process cannot move; the reasons are printed
	ExitAlreadyThere  = 6  // it already is where it should go
	ExitUnknownNode   = 7  // no node has this number or name
	ExitRefused       = 8  // the other node said no
	ExitNoMemory      = 9  // the other node is short of memory
	ExitUnreachable   = 10 // the other node or the link failed
	ExitNotRunning    = 11 // no node daemon runs here
	ExitEndedMidways  = 12 // the process ended meanwhile
	ExitAnotherMoving = 13 // another move of the process goes on
	ExitCancelled     = 14 // the move was cancelled
	ExitNotMoving     = 15 // no move goes on that could be cancelled
	ExitNo            = 1  // the answer to a question is no (mosctl isup)
)

// exitError is an error with an exit status.
type exitError struct {
	code int
	text string // empty: everything has been said
}

func (e *exitError) Error() string { return e.text }

func usageError(format string, args ...any) error {
	return &exitError{code: ExitUsage, text: fmt.Sprintf(format, args...)}
}

// exitOf gives the exit status of a result.
func exitOf(c supervisor.Code) int {
	switch c {
	case "":
		return ExitOK
	case control.BadRequest:
		return ExitFailure
	case supervisor.NoSuchProcess:
		return ExitNoProcess
	case control.NotPermitted:
		return ExitNotPermitted
	case supervisor.CannotMove:
		return ExitCannotMove
	case supervisor.AlreadyThere:
		return ExitAlreadyThere
	case supervisor.UnknownNode:
		return ExitUnknownNode
	case supervisor.Refused, supervisor.LacksCPU:
		return ExitRefused
	case supervisor.NoMemory:
		return ExitNoMemory
	case supervisor.Unreachable:
		return ExitUnreachable
	case control.Ended:
		return ExitEndedMidways
	case supervisor.Busy:
		return ExitAnotherMoving
	case supervisor.Cancelled:
		return ExitCancelled
	case supervisor.NotMoving:
		return ExitNotMoving
	}
	return ExitFailure
}

// errorOf makes a refusing result the error of a command.
func errorOf(r *control.Result) error {
	if r.Code == "" {
		return nil
	}
	return &exitError{code: exitOf(r.Code), text: r.Text}
}
