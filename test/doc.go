// Package test holds the rules the tree lives by, as a test: which way imports
// go, what a pure package is, where unsafe may be used. What judges the running
// system lies in the directories below it.
package test
