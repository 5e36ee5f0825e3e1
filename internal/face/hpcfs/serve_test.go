package hpcfs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"openmosix/internal/node/control"
	"openmosix/internal/node/settings"
)

const limit = 30 * time.Second

// mounted serves a tree at a directory for the time of the test.
func mounted(t *testing.T, f *fake) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("to mount needs root")
	}
	if err := checkDevice(); err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	o := Options{MountPoint: dir, Log: slog.New(slog.DiscardHandler)}
	go func() { ended <- Serve(ctx, newTree(f), o) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if here, err := mountedAt(dir); here || err != nil {
			t.Errorf("something is left at the mount point: %v, %v", here, err)
		}
	})
	for end := time.Now().Add(limit); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(dir, "admin/version")); err == nil {
			return dir
		}
		if time.Now().After(end) {
			t.Fatal("it was not mounted")
		}
	}
}

// shell runs a line in the tree. It goes there itself: a child that this process
// has forked and that is not another program yet holds up the Go runtime, and
// with it the server, which is this process.
func shell(t *testing.T, dir, text string, uid uint32) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	c := exec.CommandContext(ctx, "/bin/sh", "-c", "cd "+dir+"\n"+text)
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	out, err := c.CombinedOutput()
	if ctx.Err() != nil || err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatalf("%s: %v\n%s", text, err, out)
	}
	return string(out)
}

func TestATreeOfFiles(t *testing.T) {
	f := &fake{values: settings.Default(), nodes: []control.Node{{Number: 1, Self: true, Up: true, Speed: 10}, {Number: 20, Up: true, Load: 2}}, lent: []control.Guest{{PID: 1, Home: 3}}}
	dir := mounted(t, f)
	for _, c := range []struct{ line, want string }{
		{"echo *", "admin decay nodes proc remote\n"},
		{"echo nodes/* remote/*", "nodes/1 nodes/20 remote/1\n"},
		{"cat nodes/20/load remote/1/from", "2.00\n3\n"},
		{"ls nodes/2 nodes/020 proc/0 2>&1 | grep -c 'No such file'", "3\n"},
		{"test -e proc/$$/where && test -e proc/self/where && [ $(readlink proc/self) != 0 ] && echo yes", "yes\n"},
		{"read a < proc/self/where; echo $a; stat -c %s,%A,%u proc/$$/goto", "0\n0,--w-------,0\n"},
		{"{ read a; echo $a; } < admin/yard", "10000\n"},
		{"echo 1 >> admin/block && echo 1 > admin/block && echo yes", "yes\n"},
		{"printf '1\\n' | dd of=admin/block 2>/dev/null && echo yes", "yes\n"},
		{"cat admin/bring 2>&1 || echo no", "cat: admin/bring: Permission denied\nno\n"},
		{"(echo 1 > admin/mospe) 2>/dev/null || echo no", "no\n"},
		{"(echo 1 > admin/new) 2>&1 | grep -c 'No such\\|nonexistent'", "1\n"},
		{"rm -f admin/block 2>/dev/null; mkdir x 2>/dev/null; chmod 777 admin/block 2>/dev/null; ls -l admin/block | cut -c1-10", "-rw-r--r--\n"},
		{"/bin/echo 7 2>/dev/null > admin/block; cat admin/lasterror", "admin/block: \"7\" is neither 0 nor 1\n"},
	} {
		if got := shell(t, dir, c.line, 0); got != c.want {
			t.Errorf("%s: %q, want %q", c.line, got, c.want)
		}
	}
}

// Each asks for himself, and what a descriptor may do is what its opener may:
// a user's descriptor in the hands of root stays the user's.
func TestTheOpenerAsks(t *testing.T) {
	f := &fake{values: settings.Default()}
	dir := mounted(t, f)
	shell(t, dir, "echo 1 > admin/block", 12345)
	if r := f.recent(); r.Word != "block" || r.OnBehalf.UID != 12345 || r.OnBehalf.PID == 0 {
		t.Errorf("%+v, %+v", r, r.OnBehalf)
	}
	out, err := exec.Command("setpriv", "--version").CombinedOutput()
	if err != nil {
		t.Skipf("setpriv: %v %s", err, out)
	}
	// A file is opened by a user and written by root.
	script := "cd " + dir + `
setpriv --reuid=12345 --clear-groups python3 -c '
import os, socket
s = socket.fromfd(0, socket.AF_UNIX, socket.SOCK_STREAM)
socket.send_fds(s, [b"x"], [os.open("admin/stay", os.O_WRONLY)])'`
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "theirs")
	defer unix.Close(pair[0])
	c := exec.Command("/bin/sh", "-c", script)
	c.Stdin = theirs
	if out, err := c.CombinedOutput(); err != nil {
		t.Skipf("python3: %v %s", err, out)
	}
	theirs.Close()
	oob := make([]byte, 64)
	_, n, _, _, err := unix.Recvmsg(pair[0], make([]byte, 1), oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	messages, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil || len(messages) != 1 {
		t.Fatal(messages, err)
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		t.Fatal(err)
	}
	handed := os.NewFile(uintptr(fds[0]), "stay")
	w := exec.Command("/bin/sh", "-c", "echo 1")
	w.Stdout = handed
	if err := w.Run(); err != nil {
		t.Error(err)
	}
	handed.Close()
	if r := f.recent(); r.Word != "stay" || r.OnBehalf.UID != 12345 {
		t.Errorf("%+v, %+v", r, r.OnBehalf)
	}
}

// A program that waits for a move can be stopped and killed, and what reads is
// not disturbed by signals.
func TestSignalsEndWaiting(t *testing.T) {
	var waiting atomic.Bool
	f := &fake{}
	f.answer = func(ctx context.Context, r control.Request) (*control.Result, error) {
		if r.Wait {
			waiting.Store(true)
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}
		return nil, nil
	}
	dir := mounted(t, f)
	c := exec.Command("/bin/sh", "-c", fmt.Sprintf("exec /bin/echo 2 > %s/proc/%d/goto", dir, os.Getppid()))
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	for end := time.Now().Add(limit); !waiting.Load(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not wait")
		}
	}
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(limit):
		t.Error("it waits on")
	}
}

func TestWhatMountingNeeds(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for point, want := range map[string]string{"/nonexistent/hpc": "mkdir", file: "not a directory"} {
		if _, err := (Options{MountPoint: point, Log: quiet}).prepare(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", point, err)
		}
	}
	dir := mounted(t, &fake{})
	if _, err := (Options{MountPoint: dir, Log: quiet}).prepare(); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("mounted twice: %v", err)
	}
}

func TestIsMounted(t *testing.T) {
	const table = "proc /proc proc rw 0 0\nopenmosix /hpc fuse.hpcfs rw 0 0\nopenmosix /my\\040hpc fuse.hpcfs rw 0 0\nopenmosix /mnt fuse.hpcfs rw 0 0\nnone /mnt tmpfs rw 0 0\n"
	for point, want := range map[string]bool{"/proc": false, "/hpc": true, "/my hpc": true, "/mnt": false, "/hp": false} {
		if got := isMounted(table, point); got != want {
			t.Errorf("%s: %v", point, got)
		}
	}
}
