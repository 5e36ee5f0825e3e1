// Package shortcut answers calls inside the process that makes them.
//
// What is known of names (model/names) answers most calls of a compiler or an interpreter that
// searches, at 5 us each, and at 10 and more where the supervisor that answers and the
// program push each other out of one CPU's caches. Here the answers lie in memory that
// the process can read, and the C library's own instruction leads past them:
//
//	mov $nr,%eax      becomes      jmp landing
//	syscall                        syscall
//
// The landing, in bytes of the same mapping that belong to no segment, loads the number, where to
// go on and the process's control word, and leads to code in the stub's page. That looks
// for the very string the program gives, of one of three calls with arguments that leave no other
// answer. What it does not find it leaves to the syscall instruction, which has stayed where it was: so
// a call is interrupted, restarted and seen as ever.
//
// The code changes no register that the instruction keeps, nor the flags, and writes below the
// stack's red zone only, where a signal handler's frame would come to lie. Whoever looks at a thread's registers
// while it is in there has them put back to the syscall instruction first, or on behind it if the call has been
// made (Code.Undo): before a signal is delivered, before a freeze, and when the program's string cannot be read, which is then the
// kernel's to say. They are the calls of one process at most, and a process that makes
// threads or children has its instructions back before.
//
// A process that has a slate also opens, reads and closes by this what its supervisor has put into memory for
// it: whole files, and pieces of one that is open at home. In the slate, which it can write, the code notes
// what it has done, by one store for each call, so that a call is either not made or made.
//
// The table is written by one supervisor, and read by all processes of its session:
// each entry has a sequence number that is odd while it is written.
package shortcut
