package procfs

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"openmosix/internal/model/image"
)

const mapsText = `5560bcaba000-5560bcabc000 r--p 00001000 fe:00 247278                     /usr/bin/head
7f0000000000-7f0000001000 rw-s 00000000 00:01 42                         /memfd:a b\012c (deleted)
7f1700000000-7f1700021000 rw-p 00000000 00:00 0 
7f1701409000-7f170140b000 r--p 00000000 00:00 0                          [vvar]
7f170140b000-7f170140d000 r-xp 00000000 00:00 0                          [vdso]
7f1800000000-7f1800001000 ---p 00000000 00:00 0                          [anon:x (deleted)]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
`

func TestParseMaps(t *testing.T) {
	want := []Mapping{
		{Range: image.Range{Start: 0x5560bcaba000, End: 0x5560bcabc000}, Prot: image.ProtRead, Off: 0x1000, Dev: unix.Mkdev(0xfe, 0), Ino: 247278, Name: "/usr/bin/head"},
		{Range: image.Range{Start: 0x7f0000000000, End: 0x7f0000001000}, Prot: image.ProtRead | image.ProtWrite, Shared: true, Dev: unix.Mkdev(0, 1), Ino: 42, Name: "/memfd:a b\nc", Deleted: true},
		{Range: image.Range{Start: 0x7f1700000000, End: 0x7f1700021000}, Prot: image.ProtRead | image.ProtWrite},
		{Range: image.Range{Start: 0x7f1701409000, End: 0x7f170140b000}, Prot: image.ProtRead, Name: "[vvar]", Special: true},
		{Range: image.Range{Start: 0x7f170140b000, End: 0x7f170140d000}, Prot: image.ProtRead | image.ProtExec, Name: "[vdso]", Special: true},
		{Range: image.Range{Start: 0x7f1800000000, End: 0x7f1800001000}, Name: "[anon:x (deleted)]"},
	}
	got, err := ParseMaps([]byte(mapsText))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, bad := range []string{"x", "10-8 rw-p 0 0:0 0", "8-10 rwp 0 0:0 0", "8-10 rwxp z 0:0 0", "8-10 rwxp 0 0 0", "8-10 rwxp 0 0:0 x", "\n"} {
		if _, err := ParseMaps([]byte(bad)); !errors.Is(err, errFormat) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestParseSmaps(t *testing.T) {
	text := "1000-3000 rw-s 00000000 00:01 7   /dev/zero (deleted)\nRss:    8 kB\nSwap:   4 kB\nProtectionKey:  3\nTHPeligible:    1\nVmFlags: rd wr sh mr mw\n" +
		"4000-5000 r--p 00000000 00:00 0 \nRss:  4 kB\nVmFlags: rd mr\n" +
		"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0    [vsyscall]\nRss: 4 kB\nVmFlags: ex\n"
	got, err := ParseSmaps([]byte(text))
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	r := got[0]
	if r.Rss != 8192 || r.Swap != 4096 || r.ProtectionKey != 3 || !r.HugePages || !r.Deleted || !r.VMFlags.Has("sh", "mw") || r.VMFlags.HasAny("io", "pf") {
		t.Errorf("%+v", r)
	}
	if got[1].Rss != 4096 || got[1].HugePages || got[1].VMFlags.Has("sh") {
		t.Errorf("%+v", got[1])
	}
}

func TestParseStatus(t *testing.T) {
	text := "Name:\ta\\n\\\\b\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t12\nPid:\t12\nPPid:\t3\nTracerPid:\t9\nUid:\t1\t2\t3\t4\nGid:\t5\t6\t7\t8\n" +
		"Groups:\t4 24 \nNSpid:\t12\t1\nThreads:\t2\nVmRSS:\t    1700 kB\nSigCgt:\t0000000000000203\nSeccomp:\t2\nNoNewPrivs:\t1\n"
	s, err := ParseStatus([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := &Status{Name: "a\n\\b", Umask: 0o22, State: 'S', Tgid: 12, Pid: 12, PPid: 3, TracerPid: 9, Uid: [4]int{1, 2, 3, 4}, Gid: [4]int{5, 6, 7, 8},
		Groups: []int{4, 24}, NSpid: []int{12, 1}, Threads: 2, VmRSS: 1700 << 10, SigCgt: 0x203, Seccomp: 2, NoNewPrivs: true}
	if d := cmp.Diff(want, s); d != "" {
		t.Error(d)
	}
	if s.InnermostPid() != 1 {
		t.Error(s.InnermostPid())
	}
}

func TestParseStat(t *testing.T) {
	fields := make([]string, 49)
	for i := range fields {
		fields[i] = string([]byte{'1', byte('0' + (i+4)/10), byte('0' + (i+4)%10)}) // field n holds 100+n
	}
	s, err := ParseStat([]byte("77 (a) R 1 (\n) S " + strings.Join(fields, " ") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Pid != 77 || s.Comm != "a) R 1 (\n" || s.State != 'S' || s.PPid != 104 || s.StartTime != 122 || s.EnvEnd != 151 || s.ExitCode != 152 || s.Policy != 141 {
		t.Errorf("%+v", s)
	}
	l := s.Layout()
	if got := []uint64{l.StartCode, l.EndCode, l.StartStack, l.StartData, l.EndData, l.StartBrk, l.ArgStart, l.ArgEnd, l.EnvStart, l.EnvEnd}; !slices.Equal(got, []uint64{126, 127, 128, 145, 146, 147, 148, 149, 150, 151}) {
		t.Error(got)
	}
	for _, bad := range []string{"", "1 (a", "1 (a) S 3", ") (", "x (a) S " + strings.Join(fields, " ")} {
		if _, err := ParseStat([]byte(bad)); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}

func FuzzParsers(f *testing.F) {
	f.Add([]byte(mapsText))
	f.Add([]byte("Name:\t\\\nState:\tR\nPid:\t1\nVmFlags: a b\n"))
	f.Add([]byte("1 (a) S 1 2 3"))
	f.Add([]byte("pos:\t0\nflags:\t0100002\nsigmask:\tff\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if maps, err := ParseMaps(b); err == nil {
			for _, m := range maps {
				if m.Start >= m.End {
					t.Fatal(m)
				}
			}
		}
		_, _ = ParseSmaps(b)
		_, _ = ParseStatus(b)
		_, _ = ParseStat(b)
		_, _ = ParseFDInfo(b)
	})
}
