// Package wire is what a home supervisor and a guest supervisor say to each
// other: the kinds of frames, and the messages that are rare enough for CBOR.
//
// The frequent ones (a forwarded call and its reply, pages) are bare bytes:
//
//	Call   id = thread      serial (8 bytes), which masks follow (1), both (8, 8), foretold calls used (4), syscalls.Call
//	Reply  id = thread      serial (8 bytes), result and returned bytes
//	Pages  id = process     address (8 bytes), contents
//	File   id = process     index of the file (4), offset (8), contents
//	Signal id = thread      to the thread alone (1), process (4), siginfo (128)
//	Blocked id = thread    serial (8 bytes; 0: no reply), signal mask (8)
//	Mapping id = thread     address (8 bytes), syscalls.Call
//	Keep   id = thread      serial (8 bytes), then to the thread alone (1) and siginfo (128) of each
//	Sole   id = process     device, inode, offset, length (8 bytes each), contents or, of zeros, nothing
//	Left   id = process     as Sole; nothing at all ends them
//	Joint  device, inode, first page, number of pages, grant (8 bytes each), verb (1), contents of the pages or nothing
//	Fetched id = process    address (8 bytes), length (4), contents; and so on
//
// Ids are those the process itself uses, so they mean the same on both sides.
// A serial is chosen by the guest; 0 is never used.
package wire

// Kind of a frame.
const (
	// home to guest
	Prepare  uint8 = iota + 1 // a process is coming: PrepareMsg
	File                      // contents of a mapped file the guest node lacks
	Pages                     // contents of memory
	Zero                      // RangesMsg: memory that is to read as zeros
	Thaw                      // ThawMsg: the frozen rest; run
	Reply                     // to a Call
	Signal                    // a signal for the guest
	Freeze                    // FreezeMsg: stop and send the process
	Commit                    // the other side has it: forget the process
	Abort                     // the move failed: run on
	Kill                      // the process ended at home
	Stop                      // job control: stand still
	Cont                      // ... and go on
	Cancel                    // guest to home: interrupt the call Serial of thread id
	Known                     // KnownMsg: a fact that the guest's side may answer by, from now on ...
	Forget                    // ForgetMsg: ... and not any more
	Readable                  // ReadableMsg: what opening and reading a file gives, until it is forgotten
	Opened                    // guest to home: a thread has opened such a file: OpenedMsg; no reply
	Ahead                     // what the next calls of a thread would give: AheadFile
	Foretold                  // ... or those that it will make, as others did: ForetoldCall
	Credit                    // what a thread may write before home hears of it: CreditMsg
	Wrote                     // guest to home: what a thread has written by that: WroteMsg; no reply
	Behind                    // guest to home: what was done by that: BehindMsg
	Mapping                   // guest to home: a thread has mapped a file; no reply

	// guest to home
	Prepared // PreparedMsg
	Thawed   // empty
	Failed   // FailedMsg: the Prepare, Thaw or Freeze before it
	Call     // a forwarded call
	Frozen   // ThawMsg: the image; pages follow, then PagesEnd
	PagesEnd // all pages have been sent
	Died     // DiedMsg: a fatal signal
	NeedHome // NeedHomeMsg: a call that can only be done at home
	Clone    // CloneMsg: make a thread or process in the deputy
	Exec     // ExecMsg
	Exit     // a thread ends: code (4 bytes)
	Usage    // UsageMsg: CPU time burnt so far
	MapFile  // MapFileMsg: which file is behind a descriptor; the reply holds a MappedMsg
	Lacking  // LackingMsg: answers Thaw; File frames, then an empty one, answer it
	Settle   // to the side a process goes to, or that passes it on: say Settled when the pages before this are stored
	Settled  // with the data of the Settle: a guest side names its attempt (8 bytes)
	Text     // TextMsg, guest to home: make a file that holds a text; the reply is its descriptor
	Blocked  // the signals that a thread blocks
	Keep     // signals that are to be pending at home
	Calls    // CallsMsg, guest to home: what was forwarded since the last one; id is 0
	Want     // WantMsg, guest to home: pages of a process that runs already
	Fetched  // ... and these are they
	Holds    // guest to home: sums of pages that the node holds of an announced process: package pagesum
	Same     // RangesMsg, home to guest: as Pages, for pages that are as they are held
	Again    // RangesMsg, home to guest: as Fetched, for such pages
	Unmade   // UnmadeMsg: there is no room for a process whose half home has made; its maker comes home
	Sole     // both ways: contents of a file, or memory, of the process's own, among its pages
	Left     // guest to home: ... of a process that has ended here
	Resume   // both ways, first on a connection in place of one that broke: how many bytes of the session have come (8 bytes)
	Beside   // home to guest, first on a further connection of a session: pages of a process come by it, or, with the number of the attempt (8 bytes), go
	Joint    // both ways: pages of memory that processes on several nodes share: JointMsg; id is that of the process that wants it, else 0
	Bounds   // BoundsMsg, home to guest: limits and CPUs of the process, that somebody else may have set
)

// CallHead is the length of what precedes the call in a Call frame.
const CallHead = UsedOff + 4

// UsedOff is where the head of a Call tells which foretold calls were made since the last one, as bits.
const UsedOff = 8 + 1 + 8 + 8

// The signal masks in a Call frame.
const (
	MaskForCall  = 1 << iota // the call is made under it
	MaskForKept              // the second tells which kept signals the thread blocks
	MadeAgain                // no mask: the thread's last call, broken off, is made again
	MaskForAfter             // the first tells which of the kept ones it blocks when the call has ended
)

// Bounds of the decoder: nothing honest comes near.
const (
	maxElements = 1 << 20
	maxDepth    = 16
)
