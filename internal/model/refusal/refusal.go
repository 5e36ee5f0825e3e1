// Package refusal knows the reasons why a process cannot move, and finds them
// in facts about the process.
//
// It is pure: facts are collected elsewhere, before anything is frozen, and
// Judge names every reason that they give, not just the first. A reason is
// data: a stable code for programs and tests, a sentence for people, and a way
// out. Adding a reason is a row in the table and a rule in Judge.
//
// That a process has no finding does not promise that it can move: it may
// change a moment later, and another node may refuse it.
package refusal

import "strings"

// Code names a reason; it never changes its meaning.
type Code string

// Reason is one row of the table.
type Reason struct {
	Code Code
	Text string // one sentence
	Hint string // the way out
}

// Finding is a reason that holds for a process.
type Finding struct {
	Code   Code
	Detail string // which mapping, which process …; may be empty
}

// The codes.
const (
	KernelThread  Code = "kernel-thread"
	Zombie        Code = "zombie"
	DumpingCore   Code = "dumping-core"
	Init          Code = "init"
	Self          Code = "self"
	AlreadyGuest  Code = "already-guest"
	LeaderExited  Code = "leader-exited"
	Traced        Code = "traced"
	TracesOthers  Code = "traces-others"
	ThirtyTwoBit  Code = "32-bit"
	RealTime      Code = "real-time"
	SeccompStrict Code = "seccomp-strict"
	SharedSpace   Code = "shared-address-space"
	SharedMemory  Code = "shared-writable-memory"
	WrittenFile   Code = "written-file"
	SysVShm       Code = "sysv-shm"
	AIO           Code = "aio"
	IOUring       Code = "io-uring"
	Perf          Code = "perf"
	BPF           Code = "bpf"
	KVM           Code = "kvm"
	Userfaultfd   Code = "userfaultfd"
	MemoryFile    Code = "memory-file"
	DeviceMapping Code = "device-mapping"
	Hugetlb       Code = "hugetlb"
	SecretMemory  Code = "secret-memory"
	SealedMemory  Code = "sealed-memory"
	ProtectionKey Code = "pkeys"
	ShadowStack   Code = "shadow-stack"
	CPUTimer      Code = "cpu-timer"
	Probed        Code = "probed"
)

// Table lists every reason, roughly from what the process is to what it has.
var Table = []Reason{
	{KernelThread, "It is a thread of the kernel, not a program.", "Move a program instead; mps lists them."},
	{Zombie, "The process has ended and only waits for its parent to notice.", "Nothing is left to be moved."},
	{DumpingCore, "The process is dying and writes a core file.", "Nothing is left to be moved."},
	{Init, "It is the first process of this node, on which all others depend.", "Move its children."},
	{Self, "It is a part of openMosix itself.", "Move the programs it looks after; stop the node to send all guests home."},
	{AlreadyGuest, "It is a guest on this node, and only its home decides where it goes.", "Move it from its home node, or expel all guests of this node."},
	{LeaderExited, "The program's first thread has ended while others run on.", "Only a restart of the program helps; usual programs keep their first thread."},
	{Traced, "Another program traces it, and a process can have one tracer only.", "Detach the debugger or end strace, then try again."},
	{TracesOthers, "It traces other processes, which works only from the same kernel.", "Let the debugger or strace finish first."},
	{ThirtyTwoBit, "It is a 32-bit program; only 64-bit x86 programs can move.", "Use a 64-bit build of the program."},
	{RealTime, "It has a real-time or deadline scheduling policy, and a network keeps no deadlines.", "Give it an ordinary policy: chrt --other -a -p 0 PID."},
	{SeccompStrict, "It is in seccomp's strict mode, in which not even a move is permitted.", "Nothing can be done for a running process; filters (mode 2) hinder only where they forbid what a move needs."},
	{SharedSpace, "It shares its whole memory with another process.", "Wait until the other one has executed a program of its own or ended, then try again."},
	{SharedMemory, "It has writable memory that may be shared with other processes.", "What no other process has can move, and what processes of one user share as memory (of a tmpfs, if it has a name), up to 16 GiB; else use private memory, files or sockets."},
	{WrittenFile, "It has mapped a file to see what is written to it, and somebody has that open to write.", "Wait until nobody writes to the file, or let the program read it instead of mapping it."},
	{SysVShm, "It uses System V shared memory.", "Let the program detach its segments (ipcs -mp lists them)."},
	{AIO, "It uses kernel asynchronous I/O, whose ring lies in its memory.", "Turn off native AIO in the program's settings."},
	{IOUring, "It uses io_uring, whose rings are shared with the kernel.", "Turn off io_uring in the program's settings (for node: UV_USE_IO_URING=0)."},
	{Perf, "It measures with performance counters of this machine.", "Stop the measurement, then try again."},
	{BPF, "It uses BPF programs or maps of this machine's kernel.", "Stop that part of the program, then try again."},
	{KVM, "It runs a virtual machine on this machine's hardware.", "Use the virtual machine monitor's own migration."},
	{Userfaultfd, "It handles its own page faults by userfaultfd.", "Turn this off in the program's settings, then try again."},
	{MemoryFile, "It holds files of /proc that show its own memory.", "Let the program close them, then try again."},
	{DeviceMapping, "It has mapped a device into its memory.", "Let the program close the device (a graphics card, a sound card …), then try again."},
	{Hugetlb, "It uses memory from the pool of huge pages.", "Run it with ordinary pages; transparent huge pages do not hinder a move."},
	{SecretMemory, "It has secret memory (memfd_secret), which nobody else may read.", "The program must free it first."},
	{SealedMemory, "It has sealed mappings (mseal), which cannot be rebuilt.", "Run it without memory sealing."},
	{ProtectionKey, "It guards memory by protection keys of the CPU.", "Turn this off in the program's settings."},
	{ShadowStack, "It runs with a shadow stack of the CPU.", "Start it with GLIBC_TUNABLES=glibc.cpu.x86_shstk=off."},
	{CPUTimer, "It has a timer on CPU time that is another process's, or whose signal would kill or stop it.", "Wait until the program deletes the timer. Those on its own CPU time, with other signals, move."},
	{Probed, "A tracing tool has planted probes (uprobes) in its code.", "Remove the probes, then try again."},
}

// openMPI keeps its processes from sharing files, by its environment.
const openMPI = "For Open MPI: PMIX_MCA_gds=hash and OMPI_MCA_btl=self,tcp in the environment of mpirun; then its processes talk by sockets."

// settings are those of programs that many people run and that cannot move as they come.
var settings = []struct {
	code        Code
	shows, hint string
}{
	{SharedMemory, "/hsperfdata_", "For Java: end the tool that reads it (jstat, jconsole), or -XX:-UsePerfData (in JAVA_TOOL_OPTIONS, if you do not start it yourself)."},
	{SharedMemory, "/memfd:java_heap", "For Java: a smaller heap (-Xmx), or another collector than ZGC, such as -XX:+UseG1GC."},
	{SharedMemory, "/go/telemetry/", "For Go's own tools: `go telemetry off`, once for each user."},
	{SharedMemory, "/dev/shm/mono.", "For Mono: MONO_DISABLE_SHARED_AREA=1 in its environment."},
	{SharedMemory, "/pmix_dstor_", openMPI},
	{SharedMemory, "/vader_segment", openMPI},
	{WrittenFile, "/pmix_dstor_", openMPI},
	{SharedMemory, "-shm", "For SQLite's write-ahead log: PRAGMA locking_mode=EXCLUSIVE before the first access, or another journal mode."},
}

// Of returns the row of a code; of an unknown one (a newer node's) a row that says so.
func Of(code Code) Reason {
	for _, r := range Table {
		if r.Code == code {
			return r
		}
	}
	return Reason{Code: code, Text: "A reason this version does not know: " + string(code) + ".", Hint: "Use the same version on all nodes."}
}

// Reason is the row of the table.
func (f Finding) Reason() Reason { return Of(f.Code) }

// Hint is the way out: that of the reason, and what is known of the program that it shows.
func (f Finding) Hint() string {
	hint := f.Reason().Hint
	for _, known := range settings {
		if f.Code == known.code && strings.Contains(f.Detail, known.shows) && !strings.HasSuffix(hint, known.hint) {
			hint += " " + known.hint
		}
	}
	return hint
}

// String is the sentence with its detail, on one line and without the hint.
func (f Finding) String() string {
	text := f.Reason().Text
	if f.Detail == "" {
		return text
	}
	return strings.TrimSuffix(text, ".") + ": " + f.Detail + "."
}
