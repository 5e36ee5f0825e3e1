package stub

import "bytes"

// Blob is the stub's code with the places a supervisor must know.
type Blob struct {
	Bytes []byte
	// Syscall is the offset of the instruction that runs a served call;
	// After is the offset right behind it.
	Syscall, After uint64
}

var syscallInstruction = []byte{0x0f, 0x05}

// Load finds the places in the code. The three system call instructions are,
// in order: the wait for a call, the call, the wake-up of the supervisor.
func Load() Blob {
	b := Code()
	first := bytes.Index(b, syscallInstruction)
	second := first + 2 + bytes.Index(b[first+2:], syscallInstruction)
	return Blob{Bytes: b, Syscall: uint64(second), After: uint64(second + 2)}
}

// Interrupted is the state of a stopped stub thread with respect to the call
// it was given.
type Interrupted uint8

const (
	Idle     Interrupted = iota // no call outstanding, or its result is being posted
	NotBegun                    // a call was posted, but the stub did not get to run it
	Broken                      // the call was interrupted: rax holds -ERESTART*
	Finished                    // the call has returned; the stub will post the result
)

// Classify tells from a stopped thread's registers how far its call got.
// offset is rip relative to the stub's code; outstanding says whether a call
// has been posted whose result has not, picked whether the thread has seen it:
// one that is still waking its supervisor for the call before has not, wherever
// it stands.
func (b Blob) Classify(offset uint64, rax int64, outstanding, picked bool) Interrupted {
	switch {
	case !outstanding:
		return Idle
	case !picked:
		return NotBegun
	case offset == b.After && rax <= -512 && rax >= -516:
		return Broken
	case offset <= b.Syscall:
		return NotBegun
	}
	return Finished
}
