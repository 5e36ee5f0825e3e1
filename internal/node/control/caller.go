package control

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"

	"openmosix/internal/linux/procfs"
)

// Caller is who sent a request, by the kernel's word.
type Caller struct {
	PID int
	UID uint32 // effective
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
