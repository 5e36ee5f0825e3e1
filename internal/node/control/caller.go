package control

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"openmosix/internal/linux/procfs"
)

// Caller is who sent a request, by the kernel's word.
type Caller struct {
	PID int    `json:"pid"`
	UID uint32 `json:"uid"` // effective
}

// errNotForOthers is told who asks on behalf of another user and is not root.
var errNotForOthers = errors.New("not permitted: only root asks on behalf of others")

// speaker is whose authority a request has: the client's, or that of the one
// root asks for. It never gives more than the client has.
func (c Caller) speaker(r Request) (Caller, error) {
	if r.OnBehalf == nil {
		return c, nil
	}
	if c.UID != 0 {
		return c, errNotForOthers
	}
	if !sharesNumbers(c.PID) {
		return c, errOtherNumbers
	}
	return *r.OnBehalf, nil
}

// errOtherNumbers is told to a server whose processes are numbered otherwise: it
// would name the wrong ones.
var errOtherNumbers = errors.New("not permitted: asked for others from another pid namespace than the node daemon's; run it beside the daemon")

// sharesNumbers tells whether a process is in this one's pid namespace.
func sharesNumbers(pid int) bool {
	const link = "ns/pid"
	proc := procfs.FS("/proc")
	own, err := os.Readlink(proc.Path(os.Getpid(), link))
	theirs, err2 := os.Readlink(proc.Path(pid, link))
	return err == nil && err2 == nil && own == theirs
}

func callerOf(conn *net.UnixConn) (Caller, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return Caller{}, fmt.Errorf("reach socket: %w", err)
	}
	var cred *unix.Ucred
	var inner error
	err = raw.Control(func(fd uintptr) {
		cred, inner = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err = errors.Join(err, inner); err != nil {
		return Caller{}, fmt.Errorf("ask for the client's credentials: %w", err)
	}
	return Caller{PID: int(cred.Pid), UID: cred.Uid}, nil
}

// MayKill applies kill(2)'s rule to a process: root, or a caller whose uid is
// the process's real or saved one. SO_PEERCRED knows the caller's effective uid
// only, so a caller whose real uid alone would suffice is refused.
func (c Caller) MayKill(s *procfs.Status) bool {
	const realUID, savedUID = 0, 2
	return c.UID == 0 || uint64(c.UID) == uint64(s.Uid[realUID]) || uint64(c.UID) == uint64(s.Uid[savedUID])
}
