package wire

import (
	"fmt"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/missing"
	"openmosix/internal/model/tally"

	"github.com/fxamacker/cbor/v2"
)

// PrepareMsg announces a process, while it still runs elsewhere.
type PrepareMsg struct {
	Image image.Image // no threads yet; mappings and files may change until Thaw
	// Kept: the session stays when this process has left it, and others may follow.
	Kept bool
	// Memory is how much will be resident, bytes.
	Memory uint64
	// Names: what is known of names at home (package names) holds for it.
	Names bool
	// Alone: its descriptors are its own, shared with no other process.
	Alone bool
	// Reconnect is for how long home tries to replace a connection that breaks; 0: it does not.
	Reconnect time.Duration
	// Token names what the node holds of the process from an earlier trip: what it
	// holds it tells before it answers (Holds frames), with sums under Key.
	Token, Key []byte
}

// PreparedMsg answers: the files whose contents must be sent.
type PreparedMsg struct {
	Lacking []uint32
	// Whole are those of them of which all is wanted, not what is mapped only.
	Whole []uint32
	// Fetches: pages may be left out of what is sent: they are asked for when the
	// process runs.
	Fetches bool
}

// LackingMsg answers a Thaw: the parts of mapped files that the sketch did not
// show or that were mapped since.
type LackingMsg struct {
	Parts []FilePart
}

// FilePart is a stretch of a mapped file; the range counts from the file's beginning.
type FilePart struct {
	File  uint32 // index into the frozen image's files
	Range image.Range
}

// KnownMsg tells what the call Serial of a thread has shown of a name.
type KnownMsg struct {
	Serial    uint64
	Path      string
	Fact      uint8
	Directory string // the process's working directory, when the call's path began there
	Stat      []byte // its state (struct stat), if that is told as well
}

// ReadableMsg tells what a name gives that is opened to be read: a regular file with
// this state (struct stat) and these contents, all of them.
type ReadableMsg struct {
	Path     string
	Stat     []byte
	Contents []byte
}

// Sensible tells whether it can be.
func (m *ReadableMsg) Sensible() bool {
	return len(m.Stat) == StatSize && len(m.Contents) <= MaxReadable
}

// MaxReadable is the size of the largest file that is told of.
const MaxReadable = 256 << 10

// OpenedMsg is a file that the guest's side has opened by itself, of which home has
// told that it can be read, and which is still open: home is to open it now. Dev
// and Inode are those of the state that was told.
type OpenedMsg struct {
	Path       string // as in the ReadableMsg
	Flags      uint64
	FD         int    // the number it has
	Offset     uint64 // of the descriptor
	Dev, Inode uint64
}

// ForgetMsg takes back what was told of a name, and of all below it when it may
// be a directory.
type ForgetMsg struct {
	Path      string
	Directory bool
}

// ThawMsg is the frozen process without its pages.
type ThawMsg struct {
	Image   image.Image
	Signals []PendingSignal
	// Still is how long the process stood still before this was sent, microseconds.
	Still int64
	// SignalsSeen counts the Signal frames for the process that had arrived when
	// it was frozen: later ones never reached the guest.
	SignalsSeen uint64
	// Try is that of the FreezeMsg it answers.
	Try uint64
	// Stopped: the process is in a job-control stop, and arrives so.
	Stopped bool
	// AllReturns: all of its memory has to return, whatever was written: home gives it back,
	// or there is too little of it for noting what is written to be worth what it costs.
	AllReturns bool
	// Fatal: the process is to die of this signal where it arrives (0: no).
	Fatal     int
	FatalTID  int
	FatalInfo []byte
	// Descriptors are all numbers that the process has open, if nobody else can change that.
	Descriptors []int
	// Strange: it has become so since it was announced that what is known of names does not hold for it.
	Strange bool
	// Missing are the pages that will not be sent before the process runs.
	Missing []image.Range
}

// PendingSignal is one that waits for delivery; TID 0: for the whole process.
type PendingSignal struct {
	TID  int
	Info []byte // siginfo_t, 128 bytes
}

// FreezeMsg asks for a process.
type FreezeMsg struct {
	// Full: send every page that holds something, not only those that differ
	// from what home holds. A process that goes on to a third node needs them all.
	Full bool
	// Into: pages in these ranges may be sent before the process is frozen; the
	// receiver has private mappings there.
	Into []image.Range
	// Try tells attempts apart; the answer repeats it.
	Try uint64
	// Later: whether pages may be left out, to be asked for when the process runs
	// elsewhere. The body then stands still until it is told to go, and gives them.
	Later missing.When
	// Still is how long the process may stand still for this: what is not sent then is
	// given up, and it runs on. Zero: there is no limit.
	Still time.Duration
	// Rate is how fast memory has gone by the way that the process takes, bytes per second; 0: that is not known.
	Rate uint64
}

// RangesMsg is a list of ranges.
type RangesMsg struct {
	Ranges []image.Range
}

// FailedMsg says why a step was not done; nothing has changed for the process.
type FailedMsg struct {
	Step string
	Text string
	Busy bool // try again in a moment
	Gone bool // the process has ended
	// Unfit: another session could take the process in.
	Unfit bool
	Try   uint64 // of the FreezeMsg it answers; 0: it answers something else
}

// DiedMsg: the guest was to be killed by this signal.
type DiedMsg struct {
	Signal int
	There  bool // not by its own doing: somebody killed it there
	Memory bool // ... the kernel, because memory ran out
}

// NeedHomeMsg asks to be brought home.
type NeedHomeMsg struct {
	Nr     int
	Reason string
	// Untraced: the call is to have it traced by somebody else than its supervisor.
	Untraced bool
}

// CloneMsg makes a thread or a process at home.
type CloneMsg struct {
	Serial uint64
	Flags  uint64
}

// UnmadeMsg tells of a process that could not be made where its maker runs: id is the maker.
type UnmadeMsg struct {
	Own    int // of the process
	Signal int // what its end would send
	PIDFD  int // its maker's descriptor of it; -1: none
}

// ExecMsg is an execve, complete: only strings travel.
type ExecMsg struct {
	Serial     uint64
	DirFD      int
	Path       []byte
	Argv, Envp [][]byte
	At         bool // execveat
	Flags      int
	Ignored    uint64          // signals the guest ignores
	Mask       uint64          // signals the calling thread blocks
	Signals    []PendingSignal // pending for it at the guest ...
	Seen       uint64          // ... when so many had been forwarded
	Virtual    image.Timer     // the interval timers on CPU time, which go on
	Prof       image.Timer
}

// MapFileMsg asks what a mapping of a descriptor would show.
type MapFileMsg struct {
	Serial   uint64
	FD       int
	Off, Len uint64
	Used     uint32 // as in the head of a Call
	Shared   bool   // what others write is to be seen
}

// MappedMsg answers.
type MappedMsg struct {
	File     image.FileID
	Regular  bool // a regular file: its contents can be mapped away from home
	Writable bool // the descriptor may write, or what others write would have to be seen
}

// OwnFile is the result of an open that was undone: what was opened describes
// the caller itself, and the deputy is not it. An OwnFileMsg comes with it.
const OwnFile = -1 << 20

// AtHome is the result of a call that was not made, since it is one to be made at home.
const AtHome = OwnFile - 1

// OwnFileMsg names the file of /proc/pid.
type OwnFileMsg struct {
	Name string
	TID  int    // of this thread alone; 0: of the process
	Text []byte // what home says, where its part is needed
	// What children it has waited for used away from home: all, and in the kernel.
	WaitedMicros, WaitedSystemMicros int64
}

// TextMsg asks for a descriptor of a file that holds a text.
type TextMsg struct {
	Serial      uint64
	Text        []byte
	CloseOnExec bool
}

// Bounds of these texts. That of many mappings is long.
const (
	MaxOwnText = 64 << 10
	MaxText    = 32 << 20
)

// UsageMsg tells what a guest has used: CPU time on all nodes but home, and what
// of it in the kernel; memory as it is and as it was at most.
type UsageMsg struct {
	CPUMicros, SystemMicros int64
	RSS, Peak               uint64
	Asleep                  bool // its first thread sleeps there
	// CPUSoft is the soft limit on CPU time, seconds: who is told that it is reached has one
	// more, as the kernel gives it. 0: it has not been reached here.
	CPUSoft uint64
}

// CallsMsg tells what all bodies of a session have forwarded since the last one:
// from the moment a thread met the call, or its sequence asked, to the answer.
type CallsMsg struct {
	Calls []tally.Call
}

// maxMicros bounds a time: 142 years. Sums of such times do not overflow.
const maxMicros = 1 << 52

// Validate checks what home will add up.
func (m *UsageMsg) Validate() error {
	if m.SystemMicros < 0 || m.CPUMicros < m.SystemMicros || m.CPUMicros > maxMicros || m.Peak < m.RSS {
		return fmt.Errorf("usage of %d us, %d us of them in the kernel; %d bytes, %d at most", m.CPUMicros, m.SystemMicros, m.RSS, m.Peak)
	}
	return nil
}

// mode bounds what a peer can make the decoder build. Text need not be UTF-8: the
// names of files and threads are bytes to the kernel, and travel as they are.
var mode = func() cbor.DecMode {
	m, err := cbor.DecOptions{MaxArrayElements: maxElements, MaxMapPairs: 4096, MaxNestedLevels: maxDepth, DupMapKey: cbor.DupMapKeyEnforcedAPF,
		UTF8: cbor.UTF8DecodeInvalid}.DecMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return m
}()

// Encode a message.
func Encode(v any) []byte {
	b, err := cbor.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("wire: %T cannot be encoded: %v", v, err)) // only our own plain structs come here
	}
	return b
}

// Decode a message. Bytes from a peer are hostile: sizes are bounded, unknown fields ignored.
func Decode(b []byte, v any) error {
	var err error
	switch v.(type) {
	case *PrepareMsg, *ThawMsg:
		err = plausible(b)
	}
	if err == nil {
		err = mode.Unmarshal(b, v)
	}
	if err != nil {
		return fmt.Errorf("message %T: %w", v, err)
	}
	return nil
}
