package syscalls

// Addresses that fault in every process stand for what cannot be gathered, so
// that the kernel at home finds the fault itself, at the point where it would
// have found it natively.
const (
	// Unmapped is for memory the caller cannot read. It lies in user space, as
	// the caller's address did, but below what vm.mmap_min_addr lets be mapped.
	Unmapped = 0x1000
	// Poison is for ranges outside user space, which the kernel refuses before
	// it looks at anything else.
	Poison = 0x8000_0000_0000_0000
)

// Memory is the calling process's memory. Both methods move all of b or fail.
type Memory interface {
	Read(addr uint64, b []byte) error
	Write(addr uint64, b []byte) error
}

// Call is one system call on its way home. The guest keeps it until the reply
// has come, because it alone knows where returned bytes go.
type Call struct {
	Nr     int
	Args   [6]uint64
	Segs   []Segment
	Relocs []Reloc

	arena  []byte  // backs the In slices and pieces of this call; reused by the next
	pieces []Piece // backs the segments' dest
}

// Segment is a stretch of memory the call needs at home.
type Segment struct {
	Arg  int8   // argument whose value becomes the segment's address; -1: reached through a Reloc only
	In   []byte // its first bytes; what is left of Size is zero
	Size uint32
	Out  bool // some of it may return

	Back    Back
	Scale   uint32 // BackCount
	Min     int32  // BackWhole, BackField: the least result for which it returns
	From    uint16 // BackField: the segment that holds the length ...
	FromOff uint32 // ... at this offset ...
	Wide    bool   // ... in 8 bytes instead of 4

	Cut  bool   // the caller's memory takes, or gives, only ...
	Fits uint32 // ... its first bytes: at home, too, what follows them faults

	addr uint64  // guest: where it came from ...
	dest []Piece // ... or, when not one stretch, where which of its bytes go
}

// Piece is a part of a segment and the caller's memory it belongs to.
type Piece struct {
	Addr uint64
	Off  uint32
	Len  uint32
}

// Reloc says: at home, the 8 bytes at Off of segment Seg become the address of
// byte ToOff of segment To.
type Reloc struct {
	Seg   uint16
	Off   uint32
	To    uint16
	ToOff uint32
}

// keepArena is the most memory a reused Call holds on to between calls.
const keepArena = 1 << 20

// Reset empties the call for reuse.
func (c *Call) Reset() {
	if cap(c.arena) > keepArena {
		c.arena = nil
	}
	clear(c.Segs)
	*c = Call{Segs: c.Segs[:0], Relocs: c.Relocs[:0], arena: c.arena[:0], pieces: c.pieces[:0]}
}

// take returns n bytes that live as long as the call; never nil.
func (c *Call) take(n int) []byte {
	if c.arena == nil || cap(c.arena)-len(c.arena) < n {
		c.arena = make([]byte, 0, max(n, 1024))
	}
	k := len(c.arena)
	c.arena = c.arena[:k+n]
	return c.arena[k : k+n : k+n]
}

func (c *Call) add(s Segment) uint16 {
	c.Segs = append(c.Segs, s)
	return uint16(len(c.Segs) - 1)
}

func (c *Call) reloc(seg uint16, off uint32, to uint16, toOff uint32) {
	c.Relocs = append(c.Relocs, Reloc{Seg: seg, Off: off, To: to, ToOff: toOff})
}
