package procfs

import (
	"os"
	"slices"
	"testing"
)

func TestParseAccounts(t *testing.T) {
	turns, err := ParseTurns([]byte("1500 2500 7\n"))
	if err != nil || turns != (Turns{1500, 2500}) {
		t.Errorf("%+v, %v", turns, err)
	}
	for _, bad := range []string{"", "1", "x 1 1", "1 99999999999999999999 1"} {
		if _, err := ParseTurns([]byte(bad)); err == nil {
			t.Errorf("schedstat %q accepted", bad)
		}
	}
	io, err := ParseTransfers([]byte("rchar: 10\nwchar: 20\nsyscr: 3\nsyscw: 4\nread_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n"))
	if err != nil || io != (Transfers{Calls: 7, Bytes: 30}) {
		t.Errorf("%+v, %v", io, err)
	}
	for _, bad := range []string{"", "rchar: 1\n", "rchar: x\nwchar: 1\nsyscr: 1\nsyscw: 1\n"} {
		if _, err := ParseTransfers([]byte(bad)); err == nil {
			t.Errorf("io %q accepted", bad)
		}
	}
	paths, err := ParseCgroups([]byte("12:cpu,cpuacct:/a\n11:memory:/b:c\n1:name=systemd:/a\n0::/\n\nodd\n"))
	if err != nil || !slices.Equal(paths, []string{"/a", "/b:c", "/"}) {
		t.Errorf("%q, %v", paths, err)
	}
}

func TestAccountsOfSelf(t *testing.T) {
	fs, pid := FS("/proc"), os.Getpid()
	if turns, err := fs.Turns(pid); err != nil || turns.Ran < 0 {
		t.Errorf("%+v, %v", turns, err)
	}
	if io, err := fs.Transfers(pid); err != nil || io.Calls == 0 {
		t.Errorf("%+v, %v", io, err)
	}
	if paths, err := fs.Cgroups(pid); err != nil || len(paths) == 0 {
		t.Errorf("%v, %v", paths, err)
	}
	buffer := make([]byte, 4096)
	in, err := fs.StatIn(buffer, pid)
	plain, err2 := fs.Stat(pid)
	if err != nil || err2 != nil || in.StartTime != plain.StartTime || in.Comm != plain.Comm {
		t.Errorf("%+v, %v; %+v, %v", in, err, plain, err2)
	}
	if _, err := fs.StatIn(buffer, 1<<30); err == nil {
		t.Error("a process that is none has a stat")
	}
}

func FuzzAccounts(f *testing.F) {
	f.Add([]byte("1500 2500 7\n"))
	f.Add([]byte("rchar: 10\nwchar: 20\nsyscr: 3\nsyscw: 4\n"))
	f.Add([]byte("12:cpu,cpuacct:/a\n0::/\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if turns, err := ParseTurns(b); err == nil && (turns.Ran < 0 || turns.Waited < 0) {
			t.Fatal(turns)
		}
		_, _ = ParseTransfers(b)
		if paths, err := ParseCgroups(b); err != nil || len(paths) > len(b) {
			t.Fatal(paths, err)
		}
	})
}
