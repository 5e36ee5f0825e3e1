package procfs

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

const proc = FS("/proc")

func TestSelf(t *testing.T) {
	pid := os.Getpid()
	status, err := proc.Status(pid)
	if err != nil || status.Pid != pid || status.Tgid != pid || status.Uid[0] != os.Getuid() || status.VmRSS == 0 {
		t.Fatal(status, err)
	}
	stat, err := proc.Stat(pid)
	if err != nil || stat.PPid != os.Getppid() || stat.StartCode == 0 || stat.Comm != status.Name {
		t.Fatal(stat, err)
	}
	if !proc.Alive(pid, stat.StartTime) || proc.Alive(pid, stat.StartTime+1) {
		t.Error("Alive")
	}
	tids, err := proc.Threads(pid)
	if err != nil || !slices.Contains(tids, pid) {
		t.Fatal(tids, err)
	}
	if s, err := proc.ThreadStatus(pid, pid); err != nil || s.Tgid != pid {
		t.Error(s, err)
	}
	exe, err := proc.Exe(pid)
	if want, _ := os.Executable(); err != nil || exe != want {
		t.Error(exe, want, err)
	}
	if args, err := proc.Cmdline(pid); err != nil || !slices.Equal(args, os.Args) {
		t.Error(args, err)
	}
	if auxv, err := proc.Auxv(pid); err != nil || len(auxv) == 0 {
		t.Error(auxv, err)
	}
}

func TestMapsAndSmapsAgree(t *testing.T) {
	maps, err := proc.Maps(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	regions, err := proc.Smaps(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	vdso := func(m Mapping) bool { return m.Name == "[vdso]" && m.Special }
	if !slices.ContainsFunc(maps, vdso) || !slices.ContainsFunc(regions, func(r Region) bool { return vdso(r.Mapping) && r.VMFlags.Has("rd", "ex") }) {
		t.Error("no vdso in", maps)
	}
}

func TestDescriptors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x\ny")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString("12345"); err != nil {
		t.Fatal(err)
	}
	sfd, err := unix.Signalfd(-1, &unix.Sigset_t{Val: [16]uint64{1 << (unix.SIGUSR1 - 1)}}, unix.SFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(sfd)
	fds, err := proc.FDs(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	find := func(n int) FD {
		return fds[slices.IndexFunc(fds, func(f FD) bool { return f.Number == n })]
	}
	if fd := find(int(file.Fd())); fd.Target != path || fd.Pos != 5 || fd.Flags&unix.O_ACCMODE != unix.O_RDWR {
		t.Errorf("%+v", fd)
	}
	if fd := find(sfd); fd.Target != "anon_inode:[signalfd]" || fd.SigMask != 1<<(unix.SIGUSR1-1) || fd.Flags&unix.O_CLOEXEC == 0 {
		t.Errorf("%+v", fd)
	}
}

func TestChildren(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	pid := cmd.Process.Pid
	for name, list := range map[string]func(int) ([]int, error){"lists": proc.Children, "parents": proc.childrenByParent} {
		if all, err := list(os.Getpid()); err != nil || !slices.Contains(all, pid) {
			t.Error(name, all, err)
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if _, err := proc.Status(pid); !errors.Is(err, ErrGone) {
		t.Error(err)
	}
	if _, err := proc.Threads(pid); !errors.Is(err, ErrGone) {
		t.Error(err)
	}
	if proc.Alive(pid, 0) {
		t.Error("alive after wait")
	}
}
