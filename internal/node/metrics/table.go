package metrics

import "slices"

// Metric is one row of the table of metrics.
type Metric struct {
	Name   string
	Type   string // counter, gauge or histogram
	Labels []string
	Help   string
}

// Table is all metrics, in the order of the manual page.
func Table() []Metric { return slices.Clone(table) }

const (
	nodes       = "openmosix_nodes"
	nodeLoad    = "openmosix_node_load"
	utilisation = "openmosix_node_utilisation_ratio"
	speed       = "openmosix_node_speed"
	cpus        = "openmosix_node_cpus"
	memory      = "openmosix_node_memory_bytes"
	guestsNow   = "openmosix_guests"
	away        = "openmosix_away"
	moving      = "openmosix_moves_in_progress"
	moves       = "openmosix_moves_total"
	freeze      = "openmosix_freeze_seconds"
	moveBytes   = "openmosix_move_bytes_total"
	lending     = "openmosix_lending_total"
	lost        = "openmosix_lost_total"
	strangers   = "openmosix_strangers_refused_total"
	keptBytes   = "openmosix_kept_files_bytes"
	keptFiles   = "openmosix_kept_files"
	heldBytes   = "openmosix_held_memory_bytes"
	keptAsked   = "openmosix_kept_files_total"
	events      = "openmosix_events_total"
	callSeen    = "openmosix_forwarded_call_seconds"
	callDone    = "openmosix_forwarded_call_home_seconds"
	callBytes   = "openmosix_forwarded_call_bytes_total"
)

var table = []Metric{
	{nodes, "gauge", []string{"state"}, "Nodes this one knows: up, down, or unheard (configured and never met)."},
	{nodeLoad, "gauge", nil, "Load of this node; 1 is one process that always runs, on one processor of the standard speed."},
	{utilisation, "gauge", nil, "Part of its processors' time that is used, 0 to 1."},
	{speed, "gauge", nil, "Speed of its processors; 10000 is the standard."},
	{cpus, "gauge", nil, "Its processors."},
	{memory, "gauge", []string{"kind"}, "Its memory: total, available as the kernel sees it, and lendable to guests."},
	{guestsNow, "gauge", nil, "Processes of other nodes that run here."},
	{away, "gauge", nil, "Processes of this node that run on others."},
	{moving, "gauge", nil, "Processes of this node that are just moving."},
	{moves, "counter", []string{"kind", "outcome"}, "Moves of this node's processes: out, onward, home, exec or placed; done, failed, or refused before they began."},
	{freeze, "histogram", []string{"kind"}, "How long processes stood still in moves that were done; a program that is placed as it begins does so until it runs."},
	{moveBytes, "counter", []string{"kind"}, "Bytes of processes that moves have sent, done or not."},
	{lending, "counter", []string{"outcome"}, "Requests of other nodes to lend to a process: taken or refused."},
	{lost, "counter", nil, "Processes of this node that were killed because their guest was lost."},
	{strangers, "counter", nil, "Connections and packets that were refused because they do not belong to the cluster."},
	{keptFiles, "gauge", nil, "Files of other nodes that are kept here for their processes."},
	{keptBytes, "gauge", nil, "Bytes in them."},
	{heldBytes, "gauge", nil, "Bytes of memory that processes of other nodes have left behind here, for their next trip."},
	{keptAsked, "counter", []string{"outcome"}, "Files that processes coming here needed and this node did not have itself: found among those kept, absent, kept when they had come, or damaged and thrown away."},
	{events, "counter", []string{"kind"}, "Events, by kind; openmosix-events(1) lists the kinds."},
	{callSeen, "histogram", []string{"call"}, "System calls that processes away have had done at home, as they see it: the way there and back included, and waiting for what the call waits for."},
	{callDone, "histogram", []string{"call"}, "The part of it that home needed for the call itself. Calls that take several steps are not in it."},
	{callBytes, "counter", []string{"call", "direction"}, "Bytes that forwarded calls have carried: to_home or from_home."},
}
