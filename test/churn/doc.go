// Package churn is the gate for threads and processes that come and go: one
// program (src/churn.c) that creates, joins and cancels threads, forks and
// execs without pause, under an alarm every 10 ms, and checks itself all the
// time, moved every 40 ms for as long as -duration says. No hang, no crash, no
// wrong result.
package churn
