package refusal

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"openmosix/internal/model/cpuclock"
	"openmosix/internal/model/image"
)

// plain is a process that can move; each case changes one thing.
func plain() Facts {
	return Facts{PID: 100, State: 'S', Threads: []Thread{{TID: 100}}, Mappings: []Mapping{
		{Range: image.Range{Start: 0x1000, End: 0x2000}, Name: "/bin/x", Flags: MayWrite},
		{Range: image.Range{Start: 0x3000, End: 0x5000}, Name: "[vvar]", Special: true, Flags: Device},
		{Range: image.Range{Start: 0x6000, End: 0x7000}, Name: "/usr/lib/locale", Flags: Shared},
	}, Descriptors: []Descriptor{{0, "/dev/pts/0"}, {3, "anon_inode:[eventpoll]"}, {4, "/SYSV00"}, {5, "/proc/101/mem"}, {6, "/proc/100/status"}}}
}

func mapping(name string, flags Flags) func(*Facts) {
	return func(f *Facts) {
		f.Mappings = append(f.Mappings, Mapping{Range: image.Range{Start: 0x10000, End: 0x14000}, Name: name, Flags: flags})
	}
}

func descriptor(target string) func(*Facts) {
	return func(f *Facts) { f.Descriptors = append(f.Descriptors, Descriptor{9, target}) }
}

func TestJudge(t *testing.T) {
	own := []image.Range{{Start: 0x10000, End: 0x20000}}
	cases := map[string]struct {
		change func(*Facts)
		want   []Finding
	}{
		"movable":       {func(f *Facts) {}, nil},
		"kernel thread": {func(f *Facts) { f.Kernel, f.Tracer = true, "x" }, []Finding{{KernelThread, ""}}},
		"zombie":        {func(f *Facts) { f.State = 'Z' }, []Finding{{Zombie, ""}}},
		"leader exited": {func(f *Facts) {
			f.State, f.Threads = 'Z', []Thread{{TID: 100, Ending: true}, {TID: 101}, {TID: 102, Ending: true}}
		}, []Finding{{LeaderExited, "threads left: 1"}}},
		"all of it ends":    {func(f *Facts) { f.State, f.Threads = 'Z', []Thread{{TID: 100, Ending: true}, {TID: 101, Ending: true}} }, []Finding{{Zombie, ""}}},
		"core":              {func(f *Facts) { f.DumpingCore = true }, []Finding{{DumpingCore, ""}}},
		"init":              {func(f *Facts) { f.PID = 1 }, []Finding{{Init, ""}}},
		"ours":              {func(f *Facts) { f.Ours = true }, []Finding{{Self, ""}}},
		"guest":             {func(f *Facts) { f.Guest, f.Supervised, f.Ours, f.Tracer = true, true, true, "x" }, []Finding{{AlreadyGuest, ""}}},
		"traced":            {func(f *Facts) { f.Tracer = "gdb\x1b (7)" }, []Finding{{Traced, "by gdb? (7)"}}},
		"supervised":        {func(f *Facts) { f.Tracer, f.Supervised = "x", true }, nil},
		"traces":            {func(f *Facts) { f.Traced = []int{1, 2, 3, 4, 5} }, []Finding{{TracesOthers, "process 1, process 2, process 3 and 2 more"}}},
		"32 bit":            {func(f *Facts) { f.Class32 = true }, []Finding{{ThirtyTwoBit, ""}}},
		"real time":         {func(f *Facts) { f.Threads = []Thread{{TID: 100}, {TID: 101, Policy: policyRR}} }, []Finding{{RealTime, "thread 101"}}},
		"batch is fine":     {func(f *Facts) { f.Threads[0].Policy = 3 }, nil},
		"io_uring worker":   {func(f *Facts) { f.Threads = append(f.Threads, Thread{TID: 7, Worker: true}) }, []Finding{{IOUring, "kernel worker 7"}}},
		"strict":            {func(f *Facts) { f.SeccompStrict = true }, []Finding{{SeccompStrict, ""}}},
		"vfork":             {func(f *Facts) { f.SharesMemory = []int{99} }, []Finding{{SharedSpace, "with process 99"}}},
		"shared anonymous":  {mapping("/dev/zero", Shared|MayWrite), []Finding{{SharedMemory, "anonymous memory"}}},
		"shared by name":    {mapping("/dev/shm/x", Shared), []Finding{{SharedMemory, "/dev/shm/x"}}},
		"written by others": {func(f *Facts) { mapping("/x", Shared)(f); f.Mappings[len(f.Mappings)-1].Written = true }, []Finding{{WrittenFile, "/x"}}},
		"nameless":          {mapping("", Shared|MayWrite), []Finding{{SharedMemory, "16 kB at 0x10000"}}},
		"private writable":  {mapping("/dev/shm/x", MayWrite), nil},
		"our own":           {func(f *Facts) { mapping("/memfd:slots", Shared|MayWrite)(f); f.Own = own }, nil},
		"sysv":              {mapping("/SYSV00000000", Shared|MayWrite), []Finding{{SysVShm, "/SYSV00000000"}}},
		"sysv read-only":    {mapping("/SYSV00000000", Shared), []Finding{{SysVShm, "/SYSV00000000"}}},
		"only called sysv":  {mapping("/SYSV00000000", 0), nil},
		"aio":               {mapping("/[aio]", Shared|MayWrite), []Finding{{AIO, "/[aio]"}}},
		"secret":            {mapping("/secretmem", Shared|MayWrite), []Finding{{SecretMemory, "/secretmem"}}},
		"uprobes":           {mapping("[uprobes]", 0), []Finding{{Probed, "[uprobes]"}}},
		"device":            {mapping("/dev/dri/card0", Shared|MayWrite|Device), []Finding{{DeviceMapping, "/dev/dri/card0"}}},
		"huge":              {mapping("/anon_hugepage", HugePages), []Finding{{Hugetlb, "/anon_hugepage"}}},
		"sealed":            {mapping("", Sealed), []Finding{{SealedMemory, "16 kB at 0x10000"}}},
		"shadow":            {mapping("", Shadow), []Finding{{ShadowStack, "16 kB at 0x10000"}}},
		"key":               {func(f *Facts) { f.Mappings[0].ProtectionKey = 2 }, []Finding{{ProtectionKey, "/bin/x"}}},
		"own faults":        {mapping("", Faults), []Finding{{Userfaultfd, "16 kB at 0x10000"}}},
		"our tracking":      {func(f *Facts) { mapping("", Faults)(f); descriptor("anon_inode:[userfaultfd]")(f); f.Supervised = true }, nil},
		"uring descriptor":  {descriptor("anon_inode:[io_uring]"), []Finding{{IOUring, "descriptor 9 (anon_inode:[io_uring])"}}},
		"perf":              {descriptor("anon_inode:[perf_event]"), []Finding{{Perf, "descriptor 9 (anon_inode:[perf_event])"}}},
		"bpf":               {descriptor("anon_inode:bpf-map"), []Finding{{BPF, "descriptor 9 (anon_inode:bpf-map)"}}},
		"kvm":               {descriptor("anon_inode:kvm-vm"), []Finding{{KVM, "descriptor 9 (anon_inode:kvm-vm)"}}},
		"own mem":           {descriptor("/proc/100/mem"), []Finding{{MemoryFile, "descriptor 9 (/proc/100/mem)"}}},
		"own maps by task":  {descriptor("/proc/100/task/100/maps"), []Finding{{MemoryFile, "descriptor 9 (/proc/100/task/100/maps)"}}},
		"timers on own CPU clocks": {func(f *Facts) {
			f.CPUTimers = []Timer{{ID: 3, Signal: 14}, {ID: 4, Clock: cpuclock.Clock{ID: 7, Thread: true}}, {ID: 5, Clock: cpuclock.Clock{ID: f.PID}}}
		}, nil},
		"timer on another's clock": {func(f *Facts) { f.CPUTimers = []Timer{{ID: 3, Clock: cpuclock.Clock{ID: 1}}} }, []Finding{{CPUTimer, "timer 3, on the time of process 1"}}},
		"timer that kills":         {func(f *Facts) { f.CPUTimers = []Timer{{ID: 3, Signal: 9}} }, []Finding{{CPUTimer, "timer 3, with signal 9"}}},
		"timer's clock in container": {func(f *Facts) {
			f.Numbers = []int{100, 7}
			f.CPUTimers = []Timer{{ID: 3, Clock: cpuclock.Clock{ID: 7}}}
		}, nil},
		"own mem in a container":  {func(f *Facts) { f.Numbers = []int{100, 1}; descriptor("/proc/1/mem")(f) }, []Finding{{MemoryFile, "descriptor 9 (/proc/1/mem)"}}},
		"another's mem":           {descriptor("/proc/1/mem"), nil},
		"several, in table order": {func(f *Facts) { mapping("", Sealed)(f); f.Tracer = "gdb" }, []Finding{{Traced, "by gdb"}, {SealedMemory, "16 kB at 0x10000"}}},
	}
	for name, c := range cases {
		f := plain()
		c.change(&f)
		if d := cmp.Diff(c.want, Judge(f)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestTable(t *testing.T) {
	seen := make(map[Code]bool)
	for _, r := range Table {
		if seen[r.Code] || strings.Count(r.Text, ".") == 0 || !strings.HasSuffix(r.Text, ".") || !strings.HasSuffix(r.Hint, ".") {
			t.Errorf("%+v", r)
		}
		seen[r.Code] = true
	}
	for _, row := range byName {
		if !seen[row.code] {
			t.Errorf("%s is not in the table", row.code)
		}
	}
}

// Of a program whose setting is known the hint names it.
func TestHint(t *testing.T) {
	for detail, want := range map[string]string{
		"/tmp/hsperfdata_root/77":                            "-XX:-UsePerfData",
		"/memfd:java_heap":                                   "-XX:+UseG1GC",
		"/home/x/.config/go/telemetry/local/go@go1.count":    "go telemetry off",
		"/dev/shm/mono.77":                                   "MONO_DISABLE_SHARED_AREA",
		"/var/base.db-shm":                                   "locking_mode",
		"/tmp/ompi/pmix_dstor_7/s, /dev/shm/vader_segment.0": "PMIX_MCA_gds=hash",
		"/dev/zero, /x/y":                                    "",
	} {
		general := Of(SharedMemory).Hint
		got := Finding{SharedMemory, detail}.Hint()
		if !strings.HasPrefix(got, general) || !strings.Contains(got, want) || !strings.HasSuffix(got, ".") || (want == "") != (got == general) {
			t.Errorf("%s: %q", detail, got)
		}
		if other := (Finding{DeviceMapping, detail}).Hint(); other != Of(DeviceMapping).Hint {
			t.Errorf("%s: %q", detail, other)
		}
	}
}

// Two objects of one program have one hint.
func TestHintOnce(t *testing.T) {
	got := Finding{SharedMemory, "/tmp/ompi/pmix_dstor_7/s, /dev/shm/vader_segment.0"}.Hint()
	if strings.Count(got, openMPI) != 1 {
		t.Errorf("%q", got)
	}
}

func TestString(t *testing.T) {
	for want, f := range map[string]Finding{
		"It has mapped a device into its memory: /dev/dri/card0.": {DeviceMapping, "/dev/dri/card0"},
		"It has mapped a device into its memory.":                 {DeviceMapping, ""},
		"A reason this version does not know: x.":                 {"x", ""},
	} {
		if got := f.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
