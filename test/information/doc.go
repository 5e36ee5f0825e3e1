// Package information judges what nodes know of each other's load, on labs:
// that it is right, fresh, and gone when its node is.
package information
