// Package balance starts programs on one node of a lab and moves none of them:
// they have to spread by themselves, as the nodes are and as they were told, and
// compute what they would have computed at home.
package balance
