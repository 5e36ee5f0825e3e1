package syscalls

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite generated files")

// run interprets the filter as the kernel would.
func run(t *testing.T, prog []Instr, arch, nr uint32, a [6]uint64) (verdict uint32, steps int) {
	t.Helper()
	acc := uint32(0)
	for pc := 0; pc < len(prog); pc++ {
		steps++
		i := prog[pc]
		skip := func(taken bool) {
			if taken {
				pc += int(i.Jt)
			} else {
				pc += int(i.Jf)
			}
		}
		switch i.Code {
		case bpfLoad:
			switch {
			case i.K == dataNr:
				acc = nr
			case i.K == dataArch:
				acc = arch
			case i.K >= dataArgs && i.K < dataArgs+48 && i.K%4 == 0:
				acc = uint32(a[(i.K-dataArgs)/8] >> (32 * (i.K / 4 % 2)))
			default:
				t.Fatalf("load of %d", i.K)
			}
		case bpfAnd:
			acc &= i.K
		case bpfJump:
			pc += int(i.K)
		case bpfJeq:
			skip(acc == i.K)
		case bpfJge:
			skip(acc >= i.K)
		case bpfRet:
			return i.K, steps
		default:
			t.Fatalf("code %#x", i.Code)
		}
	}
	t.Fatal("ran off the end")
	return 0, 0
}

const testHigh = 0x5fff

func TestFilterEdges(t *testing.T) {
	prog := Filter(testHigh, Notified{})
	if len(prog) >= 4096 {
		t.Fatalf("%d instructions; the kernel takes 4096", len(prog))
	}
	t.Logf("%d instructions", len(prog))
	at := func(high, low uint64) uint64 { return high<<32 | low }
	tests := []struct {
		name    string
		arch    uint32
		nr      uint32
		args    [6]uint64
		verdict uint32
	}{
		{"foreign architecture", 0x40000003, 1, [6]uint64{}, killProcess},
		{"x32", archX86, x32Bit | 1, [6]uint64{}, errnoReturn | 38},
		{"number -1", archX86, 0xffffffff, [6]uint64{}, errnoReturn | 38},
		{"unknown in the gap", archX86, 400, [6]uint64{}, userNotif},
		{"unknown at the end", archX86, lastNr + 1, [6]uint64{}, userNotif},
		{"read", archX86, 0, [6]uint64{}, userNotif},
		{"futex", archX86, 202, [6]uint64{}, allow},
		{"mmap anonymous private", archX86, 9, [6]uint64{0, 4096, 3, 0x22}, allow},
		{"mmap fixed elsewhere", archX86, 9, [6]uint64{at(testHigh-2, 0), 4096, 3, 0x32}, allow},
		{"mmap fixed in the region", archX86, 9, [6]uint64{at(testHigh, 0), 4096, 3, 0x32}, userNotif},
		{"mmap that may reach the region", archX86, 9, [6]uint64{at(testHigh-1, 0xfffff000), 8192, 3, 0x32}, userNotif},
		{"mmap with flags above 32 bits", archX86, 9, [6]uint64{0, 4096, 3, 0x1_0000_0022}, userNotif},
		{"mmap anonymous shared", archX86, 9, [6]uint64{0, 4096, 3, 0x21}, userNotif},
		{"madvise that passes", archX86, 28, [6]uint64{0x1000, 4096, 4}, allow},
		{"madvise that stays", archX86, 28, [6]uint64{0x1000, 4096, 18}, userNotif},
		{"madvise in the region", archX86, 28, [6]uint64{at(testHigh, 0), 4096, 4}, userNotif},
		{"mmap from the pool of huge pages", archX86, 9, [6]uint64{0, 4096, 3, 0x40022}, userNotif},
		{"mmap of locked memory", archX86, 9, [6]uint64{0, 4096, 3, 0x2022}, userNotif},
		{"mlock", archX86, 149, [6]uint64{0x1000, 4096}, userNotif},
		{"munlock", archX86, 150, [6]uint64{0x1000, 4096}, allow},
		{"munlock in the region", archX86, 150, [6]uint64{at(testHigh, 0), 4096}, userNotif},
		{"mseal", archX86, 462, [6]uint64{0x1000, 4096}, userNotif},
		{"mmap of a file", archX86, 9, [6]uint64{0, 4096, 3, 0x02}, userNotif},
		{"munmap of everything", archX86, 11, [6]uint64{4096, 1 << 46}, userNotif},
		{"munmap", archX86, 11, [6]uint64{at(0x7fff, 0), 4096}, allow},
		{"mremap onto the region", archX86, 25, [6]uint64{at(0x7fff, 0), 4096, 4096, 3, at(testHigh, 4096)}, userNotif},
		{"mremap", archX86, 25, [6]uint64{at(0x7fff, 0), 4096, 8192, 1, 0}, allow},
		{"sigaction USR1", archX86, 13, [6]uint64{10}, allow},
		{"sigaction CHLD", archX86, 13, [6]uint64{17}, userNotif},
		{"sigaction CHLD, upper half set", archX86, 13, [6]uint64{at(1, 17)}, userNotif},
		{"sigaction TTOU", archX86, 13, [6]uint64{22}, userNotif},
		{"clock_gettime MONOTONIC", archX86, 228, [6]uint64{1}, allow},
		{"clock_gettime of the process's CPU", archX86, 228, [6]uint64{2}, userNotif},
		{"clock_nanosleep relative", archX86, 230, [6]uint64{1, 0}, userNotif},
		{"clock_nanosleep absolute", archX86, 230, [6]uint64{1, 1}, allow},
		{"clock_nanosleep absolute, CPU clock", archX86, 230, [6]uint64{2, 1}, userNotif},
		{"prctl GET_NAME", archX86, 157, [6]uint64{16}, userNotif},
		{"prctl SET_NAME", archX86, 157, [6]uint64{15}, userNotif},
		{"prctl unknown", archX86, 157, [6]uint64{99999}, userNotif},
		{"arch_prctl SET_FS", archX86, 158, [6]uint64{0x1002}, allow},
		{"arch_prctl REQ_XCOMP_PERM", archX86, 158, [6]uint64{0x1023}, userNotif},
		{"getitimer PROF", archX86, 36, [6]uint64{2}, allow},
		{"getitimer REAL", archX86, 36, [6]uint64{0}, userNotif},
	}
	for _, tt := range tests {
		if v, _ := run(t, prog, tt.arch, tt.nr, tt.args); v != tt.verdict {
			t.Errorf("%s: verdict %#x, want %#x", tt.name, v, tt.verdict)
		}
	}
}

// TestFilterJoint: of futexes only the private ones and the supervisor's own are not seen.
func TestFilterJoint(t *testing.T) {
	prog := Filter(testHigh, Notified{Joint: true})
	for _, c := range []struct {
		name    string
		args    [6]uint64
		verdict uint32
	}{
		{"private", [6]uint64{0x1000, futexWait | futexPrivate}, allow},
		{"shared", [6]uint64{0x1000, futexWait}, userNotif},
		{"shared, another half of the address", [6]uint64{testHigh, futexWake}, userNotif},
		{"the supervisor's", [6]uint64{testHigh<<32 | 64, futexWake}, allow},
	} {
		if v, _ := run(t, prog, archX86, futexNr, c.args); v != c.verdict {
			t.Errorf("%s: verdict %#x, want %#x", c.name, v, c.verdict)
		}
	}
	for _, nr := range []uint32{25, 28, 449, 454} {
		if v, _ := run(t, prog, archX86, nr, [6]uint64{0x1000}); v != userNotif {
			t.Errorf("call %d: verdict %#x", nr, v)
		}
	}
}

// TestFilterMasks: with signals kept at home, changes of the mask are seen, and nothing else changes.
func TestFilterMasks(t *testing.T) {
	plain, watching := Filter(testHigh, Notified{}), Filter(testHigh, Notified{Masks: true})
	for nr := range uint32(lastNr + 2) {
		before, _ := run(t, plain, archX86, nr, [6]uint64{})
		after, _ := run(t, watching, archX86, nr, [6]uint64{})
		want := before
		if changesMask(int(nr)) {
			want = userNotif
		}
		if after != want {
			t.Errorf("call %d: verdict %#x, want %#x", nr, after, want)
		}
	}
}

// TestFilterIsTable compares the filter with Resolve over every number and
// arguments around those the table names.
func TestFilterIsTable(t *testing.T) {
	prog := Filter(testHigh, Notified{})
	rnd := rand.New(rand.NewPCG(1, 2))
	var values []uint64
	for i := range uint64(80) {
		values = append(values, i)
	}
	each(func(r *Row) {
		for _, c := range r.When {
			for _, v := range c.In {
				values = append(values, uint64(v), uint64(v)|7<<32)
			}
		}
		if r.Variants != nil {
			for _, v := range r.Variants.List {
				values = append(values, uint64(v.Value))
			}
		}
	})
	for nr := 0; nr < 520; nr++ {
		for range 400 {
			var a [6]uint64
			for i := range a {
				a[i] = values[rnd.IntN(len(values))]
			}
			want := uint32(userNotif)
			if r := Lookup(nr); r != nil {
				row, where := r.Resolve(a)
				if where == Here {
					want = allow
				}
				if row.Guarded && (a[1]>>32 != 0 || nr == 25 && a[2]>>32 != 0) {
					want = userNotif
				}
			}
			if v, _ := run(t, prog, archX86, uint32(nr), a); v != want {
				t.Fatalf("call %d %#x: verdict %#x, want %#x", nr, a, v, want)
			}
		}
	}
}

// TestFilterShort bounds the way to the calls that matter.
func TestFilterShort(t *testing.T) {
	prog := Filter(testHigh, Notified{})
	for _, tt := range []struct {
		nr   uint32
		args [6]uint64
		most int
	}{
		{202, [6]uint64{}, 6}, {228, [6]uint64{1}, 10}, {28, [6]uint64{2: 4}, 16}, {11, [6]uint64{}, 15},
		{9, [6]uint64{3: 0x22}, 24}, {14, [6]uint64{}, 12}, {12, [6]uint64{}, 14}, {0, [6]uint64{}, 22},
	} {
		if _, steps := run(t, prog, archX86, tt.nr, tt.args); steps > tt.most {
			t.Errorf("%s takes %d steps, more than %d", Lookup(int(tt.nr)).Name, steps, tt.most)
		}
	}
}

// TestFilterAlias: what depends on the caller's id is trapped only on request.
func TestFilterAlias(t *testing.T) {
	with, without := Filter(testHigh, Notified{Alias: true}), Filter(testHigh, Notified{})
	for _, c := range []struct {
		nr   uint32
		args [6]uint64
		want uint32
	}{
		{39, [6]uint64{}, userNotif}, {186, [6]uint64{}, userNotif}, {218, [6]uint64{}, userNotif},
		{202, [6]uint64{1: 6 | 0x80}, userNotif}, {202, [6]uint64{1: 13}, userNotif},
		{202, [6]uint64{1: 0x80}, allow}, {202, [6]uint64{1: 9}, allow}, {228, [6]uint64{1}, allow},
	} {
		if v, _ := run(t, with, archX86, c.nr, c.args); v != c.want {
			t.Errorf("call %d %#x: verdict %#x", c.nr, c.args, v)
		}
		if v, _ := run(t, without, archX86, c.nr, c.args); v != allow {
			t.Errorf("without alias, call %d %#x: verdict %#x", c.nr, c.args, v)
		}
	}
}

func TestFilterListing(t *testing.T) {
	var b strings.Builder
	for pc, i := range Filter(testHigh, Notified{}) {
		fmt.Fprintf(&b, "%4d  %s\n", pc, text(pc, i))
	}
	golden(t, "testdata/filter.golden", b.String())
}

func text(pc int, i Instr) string {
	switch i.Code {
	case bpfLoad:
		return fmt.Sprintf("ld  [%d]", i.K)
	case bpfAnd:
		return fmt.Sprintf("and %#x", i.K)
	case bpfJump:
		return fmt.Sprintf("ja  %d", pc+1+int(i.K))
	case bpfJeq:
		return fmt.Sprintf("jeq %#x %d %d", i.K, pc+1+int(i.Jt), pc+1+int(i.Jf))
	case bpfJge:
		return fmt.Sprintf("jge %#x %d %d", i.K, pc+1+int(i.Jt), pc+1+int(i.Jf))
	}
	return "ret " + map[uint32]string{killProcess: "kill", allow: "allow", userNotif: "notify", errnoReturn | 38: "ENOSYS"}[i.K]
}

// golden compares text with a file of the repository.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != got {
		t.Errorf("%s is stale (%v): run go test ./internal/model/syscalls -update and look at the difference", file, err)
	}
}
