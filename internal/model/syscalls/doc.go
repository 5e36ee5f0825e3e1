// Package syscalls is the call table: one line for every system call of
// x86-64 Linux that says where the call runs when its caller lives away from
// home, what each argument is, and how a signal interrupts it. Everything that
// depends on such a fact is derived from the table and written nowhere else:
// the seccomp filter, copy-in and copy-out, what the deputy executes, the
// reasons for refusals, the documentation, the generators of the tests.
//
// The journey of a forwarded call:
//
//	guest  Row.Gather   caller's memory  -> Call        Call.Append  -> bytes
//	home   DecodeCall   bytes -> Call                   Call.Place   -> window and six registers
//	home   (the deputy executes)                        Call.Returned, AppendReply -> bytes
//	guest  DecodeReply  bytes -> result and pieces      Call.Scatter -> caller's memory
//
// Errors are left to the kernel at home wherever that is possible, so that
// their order (EBADF before EFAULT ...) stays the kernel's: what cannot be read
// at the guest travels as an address that faults in every process.
//
// The package is pure: it makes no call, holds no state besides the table, and
// is safe for concurrent use; a Call belongs to one goroutine at a time.
package syscalls
