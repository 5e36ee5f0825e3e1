package ptrace

import "fmt"

// Kind classifies what wait4 reported about a tracee.
type Kind uint8

const (
	Exited      Kind = iota // Value is the exit code; the thread is gone
	Killed                  // Value is the fatal signal; the thread is gone
	Interrupted             // PTRACE_EVENT_STOP: after Interrupt, or the first stop of a new tracee
	GroupStop               // PTRACE_EVENT_STOP of a job-control stop; Value is the stopping signal
	Signal                  // about to be given the signal Value; nothing is delivered unless Continue passes it on
	SyscallStop             // entry or exit, while continued with ContinueToSyscall
	Event                   // one of the Event* below in Value
)

// Values of an Event stop (PTRACE_EVENT_* in linux/ptrace.h).
const (
	EventFork      = 1
	EventVfork     = 2
	EventClone     = 3
	EventExec      = 4
	EventVforkDone = 5
	EventExit      = 6
	eventStop      = 128
)

// Stop is one report of wait4.
type Stop struct {
	TID   int
	Kind  Kind
	Value int
	Core  bool // Killed: a core was dumped
	// Micros: Exited, Killed of a process: CPU time it and the children it has waited for have used.
	Micros int64
}

// Gone tells whether the thread no longer exists.
func (s Stop) Gone() bool { return s.Kind == Exited || s.Kind == Killed }

func (s Stop) String() string {
	names := [...]string{"exited", "killed", "interrupted", "group-stop", "signal", "syscall", "event"}
	return fmt.Sprintf("%d %s %d", s.TID, names[s.Kind], s.Value)
}

const (
	sigtrap    = 5
	syscallBit = 0x80 // PTRACE_O_TRACESYSGOOD marks system call stops with it
)

// decode turns a wait status into a Stop: wait(2) and "Stopped states" in ptrace(2).
func decode(tid int, status uint32) Stop {
	if status&0x7f == 0 {
		return Stop{TID: tid, Kind: Exited, Value: int(status >> 8 & 0xff)}
	}
	if status&0xff != 0x7f {
		return Stop{TID: tid, Kind: Killed, Value: int(status & 0x7f), Core: status&0x80 != 0}
	}
	sig, event := int(status>>8&0xff), int(status>>16)
	switch {
	case event == eventStop && sig == sigtrap:
		return Stop{TID: tid, Kind: Interrupted}
	case event == eventStop:
		return Stop{TID: tid, Kind: GroupStop, Value: sig}
	case event != 0:
		return Stop{TID: tid, Kind: Event, Value: event}
	case sig == sigtrap|syscallBit:
		return Stop{TID: tid, Kind: SyscallStop}
	}
	return Stop{TID: tid, Kind: Signal, Value: sig}
}
