// Package discovery judges how nodes find, lose and refuse each other, on labs:
// nodes that are killed, networks that part and meet again, numbers that are
// taken twice, strangers on the same segment.
package discovery
