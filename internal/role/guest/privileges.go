package guest

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"openmosix/internal/linux/notify"
	"openmosix/internal/model/syscalls"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

// noNewPrivileges keeps this process and everything it makes from ever gaining
// privileges by executing something.
func noNewPrivileges() error {
	// It is an attribute of the thread: every thread of this process needs it.
	_, _, errno := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0)
	switch {
	case errno == unix.ENOTSUP: // a build with cgo, as for the race detector
		return reexecuteWithout()
	case errno != 0:
		return fmt.Errorf("no_new_privs: %w", errno)
	}
	return nil
}

// confine puts this process under a filter of its own: from here on it makes no
// processes, executes nothing and connects to nobody. Its bodies descend from
// the init, which was made before.
func confine() error {
	var prog []notify.Instr
	for _, i := range syscalls.SupervisorFilter() {
		prog = append(prog, notify.Instr{Code: i.Code, Jt: i.Jt, Jf: i.Jf, K: i.K})
	}
	return notify.Confine(prog)
}

// reexecuteWithout gives the attribute to this thread and starts the program
// anew from it: an execve keeps it, and all later threads inherit it.
func reexecuteWithout() error {
	if has, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); err == nil && has == 1 {
		return nil
	}
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no_new_privs: %w", err)
	}
	return fmt.Errorf("start anew: %w", syscall.Exec("/proc/self/exe", os.Args, os.Environ()))
}

// The namespaces' init needs these in its own user namespace, nowhere else: its
// root, time offsets, choosing ids. Only the last it needs for longer: seclude.
const (
	capSysChroot         = 18
	capSysAdmin          = 21
	capSysTime           = 25
	capCheckpointRestore = 40
	lastCap              = 40
)

// namespaceAttributes: a fresh user namespace in which only our own ids exist.
func namespaceAttributes() *syscall.SysProcAttr {
	uid, gid := os.Geteuid(), os.Getegid()
	return &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWPID | unix.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}},
		AmbientCaps: []uintptr{capSysChroot, capSysAdmin, capSysTime, capCheckpointRestore},
		Pdeathsig:   unix.SIGKILL,
		Setsid:      true,
	}
}

// shed makes a body unprivileged in its own namespaces too. It stays in the
// init's session and group: its number, as that of a group, would stay taken as
// long as a child of it lives here.
func (s *strand) shed() error {
	t := s.t
	for c := range uint64(lastCap + 1) {
		if _, err := t.Must("drop from the bounding set", unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil {
			break // newer capabilities than this kernel's
		}
	}
	if _, err := t.Must("clear ambient capabilities", unix.SYS_PRCTL, unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return err
	}
	return setCapabilities(t, 0)
}

// setCapabilities leaves a parked thread these of the capabilities it has, and
// gives none of them to what it might execute.
func setCapabilities(t *tracee.Thread, keep uint64) error {
	const version3 = 0x20080522
	head, data := make([]byte, 8), make([]byte, 24) // capset(2): effective, permitted, inheritable; twice
	le.PutUint32(head, version3)
	for half := range 2 {
		word := uint32(keep >> (32 * half))
		le.PutUint32(data[12*half:], word)
		le.PutUint32(data[12*half+4:], word)
	}
	h, d := t.Put(0, head), t.Put(64, data)
	_, err := t.Must("drop capabilities", unix.SYS_CAPSET, h, d)
	return err
}
