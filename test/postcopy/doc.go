// Package postcopy judges moves whose memory follows: programs that use all of
// their memory in every way there is, while pages of it are missing.
package postcopy
