package shortcut

// ticks is the time stamp counter.
func ticks() uint64
