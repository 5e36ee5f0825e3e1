package guest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"openmosix/internal/linux/landlock"

	"golang.org/x/sys/unix"
)

// inhabited is a guest supervisor with its namespaces, as a session has them, but
// for the filters: what is left then must hold by itself.
func inhabited(t *testing.T) *Guest {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("tracing what has other rights needs root")
	}
	g := newGuest()
	dir := t.TempDir()
	var err error
	if g.root, err = os.OpenFile(dir, unix.O_PATH|unix.O_DIRECTORY, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	base, err := freeBase(nil)
	if err != nil {
		t.Fatal(err)
	}
	in, err := g.startInit(base)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = unix.Kill(in.p.PID, unix.SIGKILL)
		for deadline := time.Now().Add(5 * time.Second); in.p.Leader() != nil && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		g.fam.Loop.Close()
		_ = g.root.Close()
	})
	if err := in.settle(0, 0); err != nil {
		t.Fatal(err)
	}
	if err := in.seclude(); err != nil {
		t.Fatal(err)
	}
	g.init = in
	return g
}

// A body without its filter gets nothing all the same: no file, by whatever name,
// no directory to put one into, no other root, no socket of this machine's.
func TestABodyHasNowhereToGo(t *testing.T) {
	g := inhabited(t)
	s, err := g.shell(77)
	if err != nil {
		t.Fatal(err)
	}
	s.b.mu.Lock()
	s.b.gone = true // its end is told to nobody
	s.b.mu.Unlock()
	if err := s.shed(); err != nil {
		t.Fatal(err)
	}
	call := func(nr int, args ...uint64) int64 {
		t.Helper()
		ret, err := s.t.Call(nr, args...)
		if err != nil {
			t.Fatal(err)
		}
		return ret
	}
	refused := func(what string, nr int, args ...uint64) {
		t.Helper()
		if ret := call(nr, args...); ret >= 0 || ret < -4095 {
			t.Errorf("%s: %d", what, ret)
		}
	}
	text := func(s2 string) uint64 { return s.t.Put(0, append([]byte(s2), 0)) }
	const here = ^uint64(99) // AT_FDCWD
	for _, name := range []string{"/etc/passwd", "etc/passwd", "../../../etc/passwd", "/../../../etc/passwd", "/proc/self/root/etc/passwd", "/proc/1/root/etc/passwd", "/proc/self/status", "/dev/null", "/dev/shm"} {
		refused(name, unix.SYS_OPENAT, here, text(name), unix.O_RDONLY)
		refused("path of "+name, unix.SYS_OPENAT, here, text(name), unix.O_PATH)
		how := s.t.Put(512, make([]byte, 24)) // struct open_how
		for _, resolve := range []uint64{0, unix.RESOLVE_IN_ROOT, unix.RESOLVE_NO_XDEV} {
			s.t.Put(512+16, le.AppendUint64(nil, resolve))
			refused("openat2 of "+name, unix.SYS_OPENAT2, here, text(name), how, 24)
		}
	}
	refused("create", unix.SYS_OPENAT, here, text("/x"), unix.O_CREAT|unix.O_WRONLY, 0o600)
	refused("mkdir", unix.SYS_MKDIR, text("/x"), 0o700)
	refused("chroot", unix.SYS_CHROOT, text("."))
	refused("another user namespace", unix.SYS_UNSHARE, unix.CLONE_NEWUSER)
	refused("another mount namespace", unix.SYS_UNSHARE, unix.CLONE_NEWNS)
	refused("mount", unix.SYS_MOUNT, text("proc"), text("proc"), text("proc"), 0, 0)
	if landlock.ABI() >= 1 {
		refused("its root", unix.SYS_OPENAT, here, text("/"), unix.O_RDONLY|unix.O_DIRECTORY)
	}
	connects(t, s)

	for who, pid := range map[string]int{"init": g.init.p.PID, "body": s.b.PID} {
		if names, err := os.ReadDir(fmt.Sprintf("/proc/%d/root", pid)); !errors.Is(err, os.ErrNotExist) || len(names) > 0 { // what has been removed is not even listed
			t.Errorf("the root of the %s has %v, %v", who, names, err)
		}
		fds, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		if err != nil || len(fds) < 4 {
			t.Fatalf("%v, %v", fds, err)
		}
		for _, fd := range fds {
			at, err := os.Readlink(fd)
			if err != nil || at != os.DevNull && !strings.HasPrefix(at, "socket:") && !(who == "init" && at == "/proc/sys/kernel/ns_last_pid") {
				t.Errorf("the %s has open %s, %v", who, at, err)
			}
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"init": "0000010000000000", "body": "0000000000000000"}[who]
		for _, set := range []string{"CapPrm", "CapEff"} {
			if !strings.Contains(string(status), set+":\t"+want) {
				t.Errorf("the %s has other capabilities than %s %s:\n%s", who, set, want, status)
			}
		}
	}
}

// connects fails the test if the body reaches a socket of this machine's.
func connects(t *testing.T, s *strand) {
	listen := func(family int, at unix.Sockaddr) unix.Sockaddr {
		fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err == nil {
			t.Cleanup(func() { _ = unix.Close(fd) })
			if err = unix.Bind(fd, at); err == nil {
				err = unix.Listen(fd, 1)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		name, err := unix.Getsockname(fd)
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	try := func(what string, abi, family int, raw []byte) {
		fd, err := s.t.Call(unix.SYS_SOCKET, uint64(family), unix.SOCK_STREAM, 0)
		if err != nil || fd < 0 {
			t.Fatalf("socket: %d, %v", fd, err)
		}
		defer func() { _, _ = s.t.Call(unix.SYS_CLOSE, uint64(fd)) }()
		ret, err := s.t.Call(unix.SYS_CONNECT, uint64(fd), s.t.Put(0, raw), uint64(len(raw)))
		switch {
		case err != nil:
			t.Error(err)
		case landlock.ABI() >= abi && ret != -int64(unix.EACCES) && ret != -int64(unix.EPERM):
			t.Errorf("connect to %s: %d", what, ret)
		}
	}
	tcp := listen(unix.AF_INET, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}).(*unix.SockaddrInet4)
	try("TCP", 4, unix.AF_INET, []byte{unix.AF_INET, 0, byte(tcp.Port >> 8), byte(tcp.Port), 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0})
	name := fmt.Sprintf("openmosix-test-%d", os.Getpid())
	listen(unix.AF_UNIX, &unix.SockaddrUnix{Name: "@" + name})
	try("an abstract socket", 6, unix.AF_UNIX, append([]byte{unix.AF_UNIX, 0, 0}, name...))
}
