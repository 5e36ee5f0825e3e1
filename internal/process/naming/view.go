package naming

import (
	"fmt"
	"os"

	"openmosix/internal/linux/procfs"

	"golang.org/x/sys/unix"
)

// ViewOf describes a process that is about to leave; nil: it has names of its own, or is bound by rules of its
// own, which nobody can look at.
func (n *Naming) ViewOf(pid int) *View {
	v := View{mounts: n.fs.Link(pid, "ns/mnt")}
	if v.mounts == "" || v.mounts != n.fs.Link(unix.Getpid(), "ns/mnt") || n.fs.Link(pid, "ns/user") != n.fs.Link(unix.Getpid(), "ns/user") {
		return nil
	}
	var its, ours unix.Stat_t
	if unix.Stat(n.fs.Path(pid, "root"), &its) != nil || unix.Stat("/", &ours) != nil || its.Dev != ours.Dev || its.Ino != ours.Ino {
		return nil
	}
	status, err := n.fs.Status(pid)
	own, ownErr := n.fs.Status(unix.Getpid())
	if err != nil || ownErr != nil || isConfined(status, own) {
		return nil
	}
	label, _ := os.ReadFile(n.fs.Path(pid, "attr/current")) // what a security module goes by
	v.rights = fmt.Sprint(status.Uid, status.Gid, status.Groups, status.CapEff, string(label))
	return &v
}

// isConfined tells of a process under a seccomp filter, or perhaps Landlock, that others of its user are not under: a
// call may be refused to it that is made for them. Of Landlock nothing is told but that it comes with no_new_privs, but for
// those who may administrate the machine.
func isConfined(its, ours *procfs.Status) bool {
	return its.NoNewPrivs && !ours.NoNewPrivs || its.Seccomp != ours.Seccomp || its.SeccompFilters != ours.SeccompFilters
}

// Shares tells whether what is known holds for a process still.
func (n *Naming) Shares(pid int) bool {
	v := n.ViewOf(pid)
	n.mu.Lock()
	defer n.mu.Unlock()
	return v != nil && n.view == *v
}
