// Package content judges that what a node still holds is not sent to it again: files
// that guests need, and the memory of a process that has been there before.
// Bytes are counted as the events of moves and the metrics tell them; programs look
// after what they should find.
package content
