// Package image describes a frozen process: what travels when it moves.
//
// Pure data with a bounded codec. An image never holds page contents; pages
// travel beside it as ranges (see model/wire).
package image

// PageSize of x86-64.
const PageSize = 4096

// Range is a half-open, page-aligned range of addresses.
type Range struct {
	Start, End uint64
}

// Len is the size of the range in bytes.
func (r Range) Len() uint64 { return r.End - r.Start }

// Prot bits as in mmap(2).
const (
	ProtRead  = 1
	ProtWrite = 2
	ProtExec  = 4
)

// Kind says what backs a mapping.
type Kind uint8

const (
	Anonymous  Kind = iota // private memory, zero filled
	File                   // private mapping of a file
	SharedFile             // shared mapping of a file that can never be written through it
	Special                // [vvar], [vvar_vclock], [vdso]
	Sole                   // shared mapping that can be written, of what is this process's alone
)

// Advice is a set of properties of a mapping that the process has asked for and that the list
// of mappings does not show.
type Advice uint16

const (
	HugePages     Advice = 1 << iota // madvise(2): MADV_HUGEPAGE
	NoHugePages                      // MADV_NOHUGEPAGE
	DontFork                         // MADV_DONTFORK: a child has it not
	WipeOnFork                       // MADV_WIPEONFORK: a child finds zeros
	DontDump                         // MADV_DONTDUMP
	Mergeable                        // MADV_MERGEABLE
	NoReserve                        // mmap(2): MAP_NORESERVE
	Droppable                        // mmap(2): MAP_DROPPABLE
	Locked                           // mlock(2)
	LockedOnFault                    // ... what is there, and what comes: mlock2(2), MLOCK_ONFAULT. Besides Locked
	adviceEnd
)

// Semantic are those whose loss a program could notice by more than its speed.
const Semantic = DontFork | WipeOnFork | DontDump | Droppable | Locks

// Locks are those that a child does not inherit: mlock(2).
const Locks = Locked | LockedOnFault

// Flags of mlockall(2): MCL_FUTURE, MCL_ONFAULT.
const (
	LockNew        = 2
	LockNewOnFault = 4
)

// Registrations of membarrier(2).
const (
	BarrierGlobal      = 1 << 2
	BarrierPrivate     = 1 << 4
	BarrierPrivateCore = 1 << 6
	BarrierPrivateRseq = 1 << 8
	AllBarriers        = BarrierGlobal | BarrierPrivate | BarrierPrivateCore | BarrierPrivateRseq
)

// VMA is one mapping of the process.
type VMA struct {
	Range
	Prot   uint8
	Kind   Kind
	Grows  bool // MAP_GROWSDOWN: the stack
	Advice Advice
	Off    uint64 // File, SharedFile, Sole: offset in the file
	File   uint32 // File, SharedFile, Sole: index into Image.Files
	Name   string // as in /proc/pid/maps, "" for plain anonymous memory
}

// Outreaches tells whether a mapping has pages behind the end of a file of this size: what is written to the file
// makes them appear (mmap(2), BUGS).
func Outreaches(off, length, size uint64) bool {
	return length > 0 && off+length > (size+PageSize-1)&^(PageSize-1)
}

// Fetchable tells whether pages of the mapping may be missing where the process
// runs, until they are needed: those the kernel lets a supervisor put there later. What is to
// be wiped in a child must not be put there.
func (v *VMA) Fetchable() bool {
	return v.Kind == Anonymous && !v.Grows && v.Advice&(Droppable|WipeOnFork) == 0
}

// Locked is how much of the process's memory is locked, in bytes.
func (img *Image) Locked() uint64 {
	var n uint64
	for i := range img.VMAs {
		if img.VMAs[i].Advice&Locked != 0 {
			n += img.VMAs[i].Len()
		}
	}
	return n
}

// OfFile tells whether File and Off say what the mapping shows.
func (v *VMA) OfFile() bool { return v.Kind == File || v.Kind == SharedFile || v.Kind == Sole }

// MaxSole bounds what is in a process's Sole files, together: it is sent while the process stands
// still. Holes count for nothing.
const MaxSole = 256 << 20

// MaxJoint bounds the size of a Joint one: each node that has it knows some bytes of each page.
const MaxJoint = 16 << 30

// MaxJointRun bounds how many pages of one are sent at once, and MaxJointAhead how many are asked for.
const (
	MaxJointRun   = 64
	MaxJointAhead = 256
)

// MaxOpen bounds the descriptors of one of them.
const MaxOpen = 1 << 10

// MaxSoleSize bounds the size of one of them.
const MaxSoleSize = 1 << 46

// FileID names a mapped file and, by its content hash, what is in it.
type FileID struct {
	Path string
	Dev  uint64
	Ino  uint64
	Size uint64
	// ModTime in nanoseconds and the hash are compared before a local file of
	// the same path is used in its place. Hash is empty when the file was not hashed.
	ModTime int64
	Hash    []byte // SHA-256 of the whole file
	// Sole: a file, or memory, that no other process has and that this one may write: what is in
	// it travels with the process. Such a file is of the mappings of that kind alone.
	Sole bool
	// Joint, of a Sole one: others of its family have it, too. Its contents do not travel with the
	// process: each page is where it is needed (package joint).
	Joint bool
	// Open are the process's descriptors of such a file. There is one description: what goes by
	// them is to see what is written to the mappings.
	Open []int32
}

// Regs is user_regs_struct of x86-64 (asm/user_64.h), in that order.
type Regs struct {
	R15, R14, R13, R12, Rbp, Rbx, R11, R10 uint64
	R9, R8, Rax, Rcx, Rdx, Rsi, Rdi        uint64
	OrigRax, Rip, Cs, Eflags, Rsp, Ss      uint64
	FsBase, GsBase, Ds, Es, Fs, Gs         uint64
}

// Thread is one frozen thread.
type Thread struct {
	TID       int // as the process itself sees it (innermost pid namespace)
	Regs      Regs
	XState    []byte // NT_X86_XSTATE, as long as the CPU made it
	Mask      uint64 // blocked signals
	Blocks    uint64 // where signals are kept at home: those not blocked just by a running handler
	AltStack  AltStack
	Rseq      Rseq
	Robust    uint64 // head of the robust futex list
	RobustLen uint64
	ClearTID  uint64 // set_tid_address
	Name      string // comm
	Slack     uint64 // timer slack, nanoseconds
	// CPUs are those the thread may use at home, as a bit mask; nil: any that
	// home gives to everybody.
	CPUs     []uint64
	Weight   Weight
	CPUNanos int64 // CPU time used before, away from home ...
	// SystemNanos is what of it the kernel used for the thread.
	SystemNanos int64
	Pending     Pending
	// Restart is the forwarded call that an interrupted wait (Rax is
	// -ERESTART_RESTARTBLOCK) goes on with at its deputy; 0: none.
	Restart int
}

// Pending is a relative wait that was under way when the thread was frozen:
// the call is issued again and this much of its time is left. Nr < 0: none.
type Pending struct {
	Nr        int
	Remaining int64 // nanoseconds
	Again     bool  // only its deputy knows how long: it is made again for the rest of a socket's time-out
}

// Weight says how much of a CPU a thread gets beside others: sched(7).
type Weight struct {
	Policy uint32
	Nice   int32 // of SCHED_NORMAL and SCHED_BATCH
}

// AltStack is stack_t without padding.
type AltStack struct {
	SP    uint64
	Flags uint32
	Size  uint64
}

// Rseq is the registration of restartable sequences, 0 address for none.
type Rseq struct {
	Addr uint64
	Size uint32
	Sig  uint32
}

// Action is the kernel's struct sigaction.
type Action struct {
	Handler, Flags, Restorer, Mask uint64
}

// Timer is an interval timer that counts CPU time (ITIMER_VIRTUAL, ITIMER_PROF), microseconds.
type Timer struct {
	Value, Interval int64
}

// CPUTimer is a POSIX timer that counts CPU time: timer_create(2).
type CPUTimer struct {
	ID             int32
	Thread         int // whose time it counts; 0: all of the process's
	Way            Way
	Target         int // of ToThread: which
	Signal         int32
	Value          uint64 // that comes with it
	Left, Interval int64  // nanoseconds; Left 0: it is not armed
	Overrun        int32  // what timer_getoverrun(2) tells of its last signal
}

// Way is how a timer tells that its time has come.
type Way uint8

const (
	ToProcess Way = iota
	ToThread
	ToNobody
)

// MaxCPUTimers bounds those of a process.
const MaxCPUTimers = 1 << 12

// Layout is what PR_SET_MM_MAP sets: prctl(2).
type Layout struct {
	StartCode, EndCode, StartData, EndData uint64
	StartBrk, Brk, StartStack              uint64
	ArgStart, ArgEnd, EnvStart, EnvEnd     uint64
}

// Image is a process apart from the contents of its pages.
type Image struct {
	PID     int // as the process itself sees it
	PPID    int
	PGID    int
	SID     int
	VMAs    []VMA
	Files   []FileID
	Threads []Thread   // the leader first
	Actions [65]Action // by signal number
	Layout  Layout
	Auxv    []byte
	// VDSO is the code of the vDSO the process was started with. Where the
	// kernel has another one, its functions are replaced by jumps.
	VDSO []byte

	Virtual, Prof Timer
	CPUTimers     []CPUTimer // those that move, in the order of their numbers
	CPUMicros     int64      // CPU time used before, away from home ...
	SystemMicros  int64      // ... of which by the kernel for it
	Peak          uint64     // the most memory it has had on nodes before, away from home; bytes
	HomeMicros    int64      // CPU time used at home
	Personality   uint64
	Umask         uint32
	NoHugePages   uint8  // prctl(2), PR_GET_THP_DISABLE
	Filtered      bool   // by a seccomp filter of its own, which stays at home
	Barriers      uint32 // membarrier(2): for what it is registered, as the commands that do that
	LocksNew      uint8  // mlockall(2): what it maps from now on is locked. The flags for that; 0: it is not
	Kept          uint64 // signals that descriptors give (signalfd): blocked, they stay pending at home
	Comm          string

	// The process's clocks when the image was sent, in nanoseconds; and how far
	// they are ahead of the clocks of the machine that BootID names.
	Monotonic, Boottime           int64
	MonotonicAhead, BoottimeAhead int64
	BootID                        string

	// HomeDirty are the ranges in which this image may differ from what the
	// deputy still holds at home; everything else is as it was when the
	// process left. Sorted, not overlapping.
	HomeDirty []Range

	// Guards are the regions of private memory that no access may touch and that hold
	// nothing (MADV_GUARD_INSTALL). Sorted, not overlapping.
	Guards []Range

	Limits [16]Limit // rlimits, by RLIMIT number. That on locked memory is infinite where it does not hold: CAP_IPC_LOCK
	CPUs   int       // possible CPUs at home: ids at or above are never shown to it
}

// Limit is a soft and hard resource limit.
type Limit struct{ Cur, Max uint64 }
