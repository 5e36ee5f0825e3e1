// Package zoo finds and builds the tiny programs of src: one for each property
// that a process must keep while it is moved. A program sets its property up,
// says "ready" and its pid, and checks the property until it is told to stop
// (src/zoo.h has the contract). The tests run each of them natively, where it
// must pass, and moved between three nodes, where it must pass all the same.
// The package does not run anything itself.
package zoo
