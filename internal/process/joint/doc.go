// Package joint has memory that processes on several nodes share be one memory: each page is at
// one node, which may write it, or at several, which read it, and who touches it elsewhere waits until it comes.
//
// It is one node's part in that: the object here (shared memory of this kernel), the processes
// here that have it mapped, and which of its pages are here. Where pages are is decided at home
// (model/coherence). Faults come from a userfaultfd in each process, which reports missing and
// protected pages; a page that leaves is protected in all processes, read, and punched out of the
// object, so that it is missing in all of them. One that is only read here stays protected.
//
// Rules of the kernel (userfaultfd(2), mm/userfaultfd.c, fs/userfaultfd.c):
//
//   - Protection of shared memory holds for pages that are not mapped yet as well (markers in the
//     page tables), and outlives the hole: it is taken off again afterwards.
//   - While a process changes its mappings, or forks, and that has not been read from its
//     userfaultfd, requests fail with EAGAIN. A fork is told before the child runs, with a
//     userfaultfd of its own: so no process has the memory without one.
//   - A whole page is written to shared memory under its lock, before it can be mapped.
//
// Lock order: Node.mu alone. A Side is called without it, in order, from one goroutine.
package joint
