package wire

import "openmosix/internal/model/image"

// BoundsMsg tells what others have set for a process that is away: what is new of its limits and of its threads' CPUs.
type BoundsMsg struct {
	Limits []Bound
	CPUs   []ThreadCPUs
}

// Bound is one resource's limit, by its RLIMIT number.
type Bound struct {
	Resource int
	Limit    image.Limit
}

// ThreadCPUs are those a thread may use, as in image.Thread.
type ThreadCPUs struct {
	TID  int
	CPUs []uint64
}
