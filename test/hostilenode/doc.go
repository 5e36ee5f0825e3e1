// Package hostilenode plays the guest's side of processes that have left home, and
// lies. The home supervisor is the real one; the daemon it talks to is played as
// well. What must hold: a guest's node can make the calls of the process it was
// given, or end it, and do nothing else. Beside the victim stands a bystander, a
// process of the same family that is on an honest node: its calls go on.
package hostilenode
