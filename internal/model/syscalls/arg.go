package syscalls

// Kind says what an argument is to the kernel.
type Kind uint8

const (
	Num      Kind = iota // a value
	Fd                   // a descriptor: a value, of home's table
	Null                 // travels as NULL: the guest side does what the argument asks
	SigMask              // sigset_t to wait under; travels as NULL, see Row.WaitMask
	SigMask6             // pselect6: pointer to {sigset_t *, size}; travels as NULL
	Str                  // NUL-terminated, at most Limit bytes with the NUL
	In                   // the kernel reads
	Out                  // the kernel writes
	InOut                // the kernel reads and writes
	PageIn               // reads up to a page, as far as it is readable (mount data)
	StrArray             // NULL-terminated array of strings
	FdSet                // fd_set in and out; argument Len is the number of bits
	OutBy                // Out of as many bytes as the int that argument Len points at says, before and after
	InOutBy              // the same, the kernel may read it too
	IovIn                // iovec array, argument Len is its length, the kernel reads
	IovOut               // the same, the kernel writes
	MsgIn                // struct msghdr to send
	MsgOut               // struct msghdr to receive into
	MsgsIn               // array of mmsghdr to send
	MsgsOut              // array of mmsghdr to receive into
	Sized                // structure whose first 32-bit word is its own size, in and out
	Prog                 // struct sock_fprog: a count and a pointer to instructions
	Handle               // struct file_handle: its size is 8 + its first word
)

// Back says how much of a segment returns to the caller.
type Back uint8

const (
	BackNone   Back = iota
	BackWhole       // all of it, when the result is at least Min
	BackCount       // result × Scale bytes
	BackField       // as many bytes as a field of another segment says, when the result is at least Min
	BackAlways      // all of it, whatever the result (also after EINTR)
	BackTime        // like BackAlways, but a failed store is no error (select's rest of the time)
)

// Arg describes one argument.
type Arg struct {
	Kind  Kind
	Size  uint32 // bytes, or bytes of one element when Len names a count
	Len   int8   // index of the argument with the count; -1: Size is all
	Int   bool   // the count is a C int: negative is for the kernel to refuse
	Long  bool   // the same for a C long; without either, a clamped count is unsigned
	Back  Back
	Scale uint32 // BackCount
	Min   int8   // BackWhole, BackField
	// Limit is the most bytes the kernel looks at, whatever the count says.
	Limit uint32
	// Clamp: a count beyond Limit may be lowered, because a short result is
	// legal; without it an excessive count is left to the kernel to refuse.
	Clamp bool
	Plus  uint32 // bytes besides those counted (the type before a message's text)
}

type args []Arg

// MaxBuffer bounds the bytes one argument of one forwarded call may carry. The
// kernel moves up to MAX_RW_COUNT; a call whose result may be short by its
// contract is shortened to this.
const MaxBuffer = 64 << 20

var (
	num      = Arg{Kind: Num, Len: -1}
	fd       = Arg{Kind: Fd, Len: -1}
	null     = Arg{Kind: Null, Len: -1}
	sigmask  = Arg{Kind: SigMask, Len: -1}
	sigmask6 = Arg{Kind: SigMask6, Len: -1}
	path     = Arg{Kind: Str, Len: -1, Limit: 4096}
	page     = Arg{Kind: PageIn, Len: -1, Size: 4096}
	intptr   = Arg{Kind: InOut, Len: -1, Size: 4, Back: BackAlways}
	rest     = Arg{Kind: InOut, Len: -1, Size: 16, Back: BackTime}
	iovIn    = Arg{Kind: IovIn, Len: 2}
	iovOut   = Arg{Kind: IovOut, Len: 2, Back: BackCount, Scale: 1}
	msgIn    = Arg{Kind: MsgIn, Len: -1}
	msgOut   = Arg{Kind: MsgOut, Len: -1}
	msgsIn   = Arg{Kind: MsgsIn, Len: 2}
	msgsOut  = Arg{Kind: MsgsOut, Len: 2}
	argv     = Arg{Kind: StrArray, Len: -1}
	pollfds  = Arg{Kind: InOut, Len: 1, Size: 8, Int: true, Limit: 8 << 20, Back: BackAlways}
	progIn   = Arg{Kind: Prog, Len: -1}
	sizedIn  = Arg{Kind: Sized, Len: -1, Limit: 4096}
	outIDs   = Arg{Kind: Out, Len: 2, Size: 8, Back: BackCount, Scale: 8, Limit: 8 << 20}

	handleIn    = Arg{Kind: Handle, Len: -1, Limit: 128}
	handleOut   = Arg{Kind: Handle, Len: -1, Limit: 128, Back: BackAlways}
	inAffinity  = Arg{Kind: In, Len: 1, Size: 1, Limit: 65536, Int: true}
	outAffinity = Arg{Kind: Out, Len: 1, Size: 1, Back: BackCount, Scale: 1, Limit: 65536, Clamp: true, Int: true}
)

// str is a string of at most limit bytes, the NUL included.
func str(limit uint32) Arg { return Arg{Kind: Str, Len: -1, Limit: limit} }

// in is a structure of size bytes that the kernel reads.
func in(size uint32) Arg { return Arg{Kind: In, Len: -1, Size: size} }

// out is a structure of size bytes that a successful call fills.
func out(size uint32) Arg { return Arg{Kind: Out, Len: -1, Size: size, Back: BackWhole} }

// outPos is a structure filled when the result is positive.
func outPos(size uint32) Arg { return Arg{Kind: Out, Len: -1, Size: size, Back: BackWhole, Min: 1} }

// inout is a structure the kernel reads and a successful call changes.
func inout(size uint32) Arg { return Arg{Kind: InOut, Len: -1, Size: size, Back: BackWhole} }

// inoutPos is the same, changed when the result is positive.
func inoutPos(size uint32) Arg { return Arg{Kind: InOut, Len: -1, Size: size, Back: BackWhole, Min: 1} }

// inoutAlways is a structure changed also by calls that fail.
func inoutAlways(size uint32) Arg { return Arg{Kind: InOut, Len: -1, Size: size, Back: BackAlways} }

// inLen is a buffer of as many bytes as argument n says.
func inLen(n int8) Arg { return Arg{Kind: In, Len: n, Size: 1} }

// inMax is the same where the kernel refuses more than limit bytes before it reads them.
func inMax(n int8, limit uint32) Arg { return Arg{Kind: In, Len: n, Size: 1, Limit: limit} }

// inInt is the same with a count that is a C int and at most limit bytes.
func inInt(n int8, limit uint32) Arg { return Arg{Kind: In, Len: n, Size: 1, Int: true, Limit: limit} }

// inStream is a buffer of which a part may be taken.
func inStream(n int8) Arg { return Arg{Kind: In, Len: n, Size: 1, Clamp: true} }

// inSocket is the same where the kernel shortens before it looks at the range.
func inSocket(n int8) Arg { return Arg{Kind: In, Len: n, Size: 1, Limit: MaxBuffer, Clamp: true} }

// outStream is a buffer of which the first result bytes are filled.
func outStream(n int8) Arg {
	return Arg{Kind: Out, Len: n, Size: 1, Back: BackCount, Scale: 1, Clamp: true}
}

// outMax is the same where the kernel never needs more than limit bytes.
func outMax(n int8, limit uint32) Arg {
	return Arg{Kind: Out, Len: n, Size: 1, Back: BackCount, Scale: 1, Limit: limit, Clamp: true}
}

// outInt is outMax with a count that is a C int.
func outInt(n int8, limit uint32) Arg {
	a := outMax(n, limit)
	a.Int = true
	return a
}

// inoutMax is a buffer that may be filled in part: its contents travel both
// ways, so that the rest of it stays as it was.
func inoutMax(n int8, limit uint32) Arg {
	return Arg{Kind: InOut, Len: n, Size: 1, Limit: limit, Back: BackWhole}
}

// inArray is an array of elements, counted by argument n.
func inArray(n int8, size, limit uint32) Arg {
	return Arg{Kind: In, Len: n, Size: size, Int: true, Limit: limit}
}

// outArray is an array of which the first result elements are filled.
func outArray(n int8, size, limit uint32) Arg {
	return Arg{Kind: Out, Len: n, Size: size, Int: true, Back: BackCount, Scale: size, Limit: limit, Clamp: true}
}

// addrOut is a socket address whose length is the int argument n points at.
func addrOut(n int8) Arg { return Arg{Kind: OutBy, Len: n, Back: BackField, Limit: 128, Clamp: true} }

// optOut is a buffer whose length is the int argument n points at, and which
// the kernel may read as well.
func optOut(n int8) Arg { return Arg{Kind: InOutBy, Len: n, Back: BackField, Limit: 1 << 20} }

// fdset is one of select's sets.
func fdset() Arg { return Arg{Kind: FdSet, Len: 0, Back: BackWhole} }
