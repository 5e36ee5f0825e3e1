// Package owner has guests on a node whose owner comes back, whose hours are
// over, and who take more than they may, and looks at what becomes of them, of
// the node that lends, and of what they compute.
package owner
