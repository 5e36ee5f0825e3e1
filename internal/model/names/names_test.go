package names

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"openmosix/internal/model/abi"
)

func TestClean(t *testing.T) {
	for path, want := range map[string]bool{
		"/a": true, "/a/b.c/d": true, "/..a": true, "/a/...": true,
		"": false, "/": false, "a": false, "/a/": false, "//a": false, "/a//b": false, "/./a": false, "/a/..": false, "/a\x00b": false,
		"/" + strings.Repeat("a", 255): true, "/" + strings.Repeat("a", 256): false, strings.Repeat("/a", 600): false,
	} {
		if Clean(path) != want {
			t.Errorf("%q: clean is %v", path, !want)
		}
	}
}

func TestResolve(t *testing.T) {
	isDirectory := func(path string) bool { return path == "/a" || path == "/a/d" || path == "/x/y" }
	for _, c := range []struct{ directory, path, want string }{
		{"/a", "b", "/a/b"}, {"/a", "./b", "/a/b"}, {"/", "b", "/b"}, {"/a", "/b", "/b"}, {"", "/b", "/b"},
		{"", "b", ""}, {"/a", "b/", ""}, {"/a", "", ""}, {"/a", ".//b", "/a/b"}, {"/a", "d/./b", "/a/d/b"}, {"/a", "b/./c", ""},
		{"/q/r", "../b", "/q/b"}, {"/q/r", "../../b", "/b"}, {"/q/r", "../../../b", "/b"}, {"/q/r", "./../b", "/q/b"},
		{"/q/r", "../r/../b", ""}, {"/q/r", "..", "/q"}, {"/q", "..", ""}, {"/q", ".", "/q"}, {"/", ".", ""},
		{"/a", "d/../b", "/a/b"}, {"/a", "b/../c", ""}, {"", "/a/d/../../c", "/c"}, {"", "/a/e/../c", ""}, {"", "/x/y/../z", "/x/z"},
		{"", "/x/y/../../z", ""}, {"", "/../z", "/z"}, {"/a", "d/..", "/a"}, {"/a\x00", "b", ""}, {"/a", "b\x00c", ""},
		{"/a", strings.Repeat("b/", 600) + "c", ""},
	} {
		if got := Resolve(c.directory, c.path, isDirectory); got != c.want {
			t.Errorf("%q and %q: %q, not %q", c.directory, c.path, got, c.want)
		}
	}
}

// TestTable compares a table with a plain list of what was told.
func TestTable(t *testing.T) {
	path := rapid.Custom(func(t *rapid.T) string {
		return "/" + strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ab"}), 1, 4).Draw(t, "names"), "/")
	})
	rapid.Check(t, func(t *rapid.T) {
		var table Table
		told := map[string]Fact{}
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			p := path.Draw(t, "path")
			if rapid.Bool().Draw(t, "learn") {
				f := rapid.SampledFrom([]Fact{Absent, NotLink, Directory}).Draw(t, "fact")
				table.Learn(p, f)
				if told[p] != Directory || f != NotLink {
					told[p] = f
				}
				continue
			}
			directory := rapid.Bool().Draw(t, "directory")
			table.Forget(p, directory)
			for q := range told {
				if q == p || directory && strings.HasPrefix(q, p+"/") {
					delete(told, q)
				}
			}
		}
		p := path.Draw(t, "asked")
		want := told[p]
		for q, f := range told {
			if f == Absent && strings.HasPrefix(p, q+"/") {
				want = Absent
			}
		}
		if got := Look(&table, p); got != want {
			t.Fatalf("%s: %d, not %d of %v", p, got, want, told)
		}
	})
}

func TestTableIsBounded(t *testing.T) {
	var table Table
	for i := range MaxFacts + 10 {
		table.Learn("/"+strings.Repeat("a", i%200+1)+"/"+strings.Repeat("b", i/200+1), NotLink)
	}
	if table.Len() != MaxFacts {
		t.Errorf("%d facts", table.Len())
	}
}

func TestAnswers(t *testing.T) {
	const readlink, openat, stat, newfstatat, read = 89, 257, 4, 262, 0
	cwd := uint64(1<<64 - 100)
	for _, c := range []struct {
		name   string
		nr     int
		args   [6]uint64
		absent abi.Errno
		noLink abi.Errno
	}{
		{"readlink", readlink, [6]uint64{1, 1, 64}, abi.ENOENT, abi.EINVAL},
		{"readlink into nothing", readlink, [6]uint64{1, 1, 0}, 0, 0},
		{"open to read", openat, [6]uint64{cwd, 1, 0}, abi.ENOENT, 0},
		{"open to make", openat, [6]uint64{cwd, 1, 0o100 | 1}, 0, 0},
		{"open a nameless file", openat, [6]uint64{cwd, 1, 0o20200001}, 0, 0},
		{"open below a descriptor", openat, [6]uint64{5, 1, 0}, 0, 0},
		{"stat", stat, [6]uint64{1, 1}, abi.ENOENT, 0},
		{"stat with unknown flags", newfstatat, [6]uint64{cwd, 1, 1, 0x40000}, 0, 0},
		{"read", read, [6]uint64{1, 1, 1}, 0, 0},
	} {
		q, asks := Asks(c.nr, c.args)
		var absent, noLink abi.Errno
		if asks {
			absent, noLink = q.Answer(Absent), q.Answer(NotLink)
		}
		if absent != c.absent || noLink != c.noLink {
			t.Errorf("%s: %v and %v, not %v and %v", c.name, absent, noLink, c.absent, c.noLink)
		}
		if asks && q.Learnt(-int64(abi.ENOENT)) != Absent {
			t.Errorf("%s: ENOENT shows nothing", c.name)
		}
	}
}

// Of a path that is not clean nothing is known but that a directory on the way is absent.
func TestLookUnclean(t *testing.T) {
	part := rapid.SampledFrom([]string{"a", "b", ".", "..", "", "...", ".a", strings.Repeat("n", 255), strings.Repeat("n", 256)})
	path := rapid.Custom(func(t *rapid.T) string {
		p := strings.Join(rapid.SliceOfN(part, 0, 4).Draw(t, "parts"), "/")
		if rapid.Bool().Draw(t, "absolute") {
			p = "/" + p
		}
		return p
	})
	rapid.Check(t, func(t *rapid.T) {
		var facts Table
		for range rapid.IntRange(0, 6).Draw(t, "facts") {
			if p := path.Draw(t, "known"); Clean(p) {
				facts.Learn(p, rapid.SampledFrom([]Fact{Absent, NotLink, Directory}).Draw(t, "fact"))
			}
		}
		p := path.Draw(t, "path")
		got := Look(&facts, []byte(p))
		if got != Look(&facts, p) || !Clean(p) && got != Unknown && got != Absent {
			t.Fatalf("%q: %v, of the string %v", p, got, Look(&facts, p))
		}
	})
}

// Most of what a compiler asks for is a header that is not in the directory it looks into.
func BenchmarkLook(b *testing.B) {
	var table Table
	for i := range 1000 {
		table.Learn("/usr/lib/gcc/x86_64-linux-gnu/12/include/"+strings.Repeat("n", i%40+1)+string(rune('a'+i/40))+".h", Absent)
	}
	for _, path := range []string{"/usr/lib/gcc/x86_64-linux-gnu/12/include/nnnnnnnna.h", "/usr/include/x86_64-linux-gnu/bits/types.h"} {
		b.Run("bytes", func(b *testing.B) {
			b.ReportAllocs()
			given := []byte(path)
			for range b.N {
				Look(&table, given)
			}
		})
		b.Run("string", func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				Look(&table, path)
			}
		})
	}
}
