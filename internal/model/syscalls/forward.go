package syscalls

// sentByHandlers are calls that the guest side's handlers forward although
// their rows have no generic form: mmap, exit_group, restart_syscall.
var sentByHandlers = []int{9, 231, 219}

// MayForward tells whether home executes this call when the guest side sends
// it: what the table never sends home is not executed there either, whoever
// asks. Threads, processes and programs are made through messages of their own.
func MayForward(nr int, args [6]uint64) bool {
	for _, n := range sentByHandlers {
		if n == nr {
			return true
		}
	}
	row := Lookup(nr)
	if row == nil {
		return false
	}
	row, _ = row.Resolve(args)
	switch row.Handler {
	case HandleClone, HandleExec, HandleExit:
		return false
	}
	return row.Forwardable()
}
