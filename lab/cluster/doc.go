// Package cluster makes real nodes on one machine: each its own network, pid,
// mount, uts and ipc namespace, its own /tmp, /run, /var/lib/openmosix,
// /etc/openmosix, /dev/shm, /proc and terminals, its own node daemon, and, if
// wanted, one CPU. The rest of the file system is the machine's, so the
// programs are there. It is not a container engine: no images, no isolation
// of users, no limits beyond the CPU.
//
// Three kinds of process take part. Up is called by whoever wants the lab and
// may end afterwards. The hub is a small process in a network namespace of its
// own that holds the bridges, one for each network; it starts the nodes, waits for them, and takes
// everything down when it is asked to (SIGTERM) or when Up's caller vanished
// before the lab was complete. Each node's pid 1 is the init: it sets the node
// up from inside, starts the daemon, reaps, and serves Exec.
//
// Ownership: the machine's own network is never touched; every namespace,
// mount and link dies with the processes that hold it, every init dies with
// the hub (its end of a pipe, the leash, closes). What can outlive a crash is
// only the lab's directory, the control groups, and the two mount points made in the
// machine's tree; Down finds these without any record, by name, and the
// processes by the mark in their arguments.
package cluster
