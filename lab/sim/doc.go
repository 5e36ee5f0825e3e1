// Package sim is a cluster that is only computed: a virtual clock, nodes that
// share their processors among jobs, a network that takes its time, and the
// policy that the daemon uses (model/balance), beside those it is compared with.
//
// It answers what no lab of a few nodes can: how thousands of nodes behave, and
// how a policy does over thousands of workloads. It does not run programs, and
// says nothing of how long system calls take; what it assumes of nodes and
// moves is in the manual page, openmosix-sim(1).
//
// A run is computed by one goroutine and depends on the scenario and its number
// only: the same seed gives the same bytes. Several runs are computed at once;
// their results are put together in their order.
package sim
