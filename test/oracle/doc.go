// Package oracle judges the call table by the kernel: calls with random
// arguments, made from the kinds the table gives them, run natively and through
// a deputy in a loop (gather, wire, window, call, reply, scatter), and their
// results and every byte of memory they touched must agree. Around each segment
// of the window lie canaries, so that a structure the table thinks too small is found.
//
// Each trial runs in a world made anew, on one locked thread of the test
// process; it needs nothing but Linux. Calls that would hurt the machine or the
// test are listed with the reason.
package oracle
