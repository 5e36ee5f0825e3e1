// Package events judges what a cluster tells of itself: openmosix events is
// followed while things happen, and the metrics are compared with what was done.
package events
