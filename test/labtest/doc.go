// Package labtest is how the tests under test/ work with a lab: through the
// command line only, as a user would, so that a test of the core is at the
// same time one of the commands. It brings a lab up and takes it down, runs
// commands in nodes, moves processes, and reads mps. It knows nothing of how
// any of this is done.
//
// Ownership: a Lab belongs to the test that made it and goes with its Cleanup,
// with everything that still runs in it. A Session is used by one goroutine.
package labtest
