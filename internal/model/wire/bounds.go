package wire

import "openmosix/internal/model/image"

// BoundsMsg tells what others have set for a process that is away: what is new of its limits and of its threads' CPUs and weights.
type BoundsMsg struct {
	Limits []Bound
	CPUs   []ThreadCPUs
	Weighs []ThreadWeight
}

// Bound is one resource's limit, by its RLIMIT number.
type Bound struct {
	Resource int
	Limit    image.Limit
}

// ThreadWeight is that of a thread.
type ThreadWeight struct {
	TID    int
	Weight image.Weight
}

// ThreadCPUs are those a thread may use, as in image.Thread.
type ThreadCPUs struct {
	TID  int
	CPUs []uint64
}
