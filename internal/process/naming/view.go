package naming

import (
	"fmt"
	"os"

	"openmosix/internal/linux/procfs"

	"golang.org/x/sys/unix"
)

// supervisor is what this one is bound by, which stays as it is.
type supervisor struct {
	mounts, users string
	root          unix.Stat_t
	status        *procfs.Status
}

// own looks for that; the first time it is needed.
func own(fs procfs.FS) (*supervisor, error) {
	s := &supervisor{mounts: fs.Link(unix.Getpid(), "ns/mnt"), users: fs.Link(unix.Getpid(), "ns/user")}
	if err := unix.Stat("/", &s.root); err != nil {
		return nil, err
	}
	var err error
	s.status, err = fs.Status(unix.Getpid())
	return s, err
}

// ViewOf describes a process that is about to leave; nil: it has names of its own, or is bound by rules of its
// own, which nobody can look at.
func (n *Naming) ViewOf(pid int) *View {
	own, err := n.own()
	if err != nil {
		return nil
	}
	v := View{mounts: n.fs.Link(pid, "ns/mnt")}
	if v.mounts == "" || v.mounts != own.mounts {
		return nil
	}
	var root unix.Stat_t
	if unix.Stat(n.fs.Path(pid, "root"), &root) != nil || root.Dev != own.root.Dev || root.Ino != own.root.Ino {
		return nil
	}
	status, plain := n.plain(pid)
	if !plain || status.NoNewPrivs && !own.status.NoNewPrivs { // of Landlock nothing is told but that it comes with that, but for those who may administrate the machine
		return nil
	}
	label, _ := os.ReadFile(n.fs.Path(pid, "attr/current")) // what a security module goes by
	v.rights = fmt.Sprint(status.Uid, status.Gid, status.Groups, status.CapEff, string(label))
	return &v
}

// IsPlain tells whether a process sees the ids of users as this supervisor does, and is under no seccomp filter of its own,
// which may forbid what it is told ahead.
func (n *Naming) IsPlain(pid int) bool {
	_, plain := n.plain(pid)
	return plain
}

func (n *Naming) plain(pid int) (*procfs.Status, bool) {
	own, err := n.own()
	if err != nil || own.users == "" || n.fs.Link(pid, "ns/user") != own.users {
		return nil, false
	}
	its, err := n.fs.Status(pid)
	return its, err == nil && its.Seccomp == own.status.Seccomp && its.SeccompFilters == own.status.SeccompFilters
}

// Shares tells whether what is known holds for a process still.
func (n *Naming) Shares(pid int) bool {
	v := n.ViewOf(pid)
	n.mu.Lock()
	defer n.mu.Unlock()
	return v != nil && n.view == *v
}
