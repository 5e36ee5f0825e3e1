package stub

// Geometry of the stub's private region in a process: one page of code, then
// the slots.
const (
	page = 4096

	// SlotSize is one slot: a page of protocol, then the window for arguments.
	SlotSize   = 0x40000
	windowOff  = 0x1000
	WindowSize = SlotSize - windowOff

	// From the base of the region: the slot that is never shared with a child,
	// and slot 0 of those that are.
	privateOff = 0x40000
	slotsOff   = 0x100000

	// MaxSlots is how many threads one region serves, RegionSlots how much memory that is.
	MaxSlots    = 2048
	RegionSlots = MaxSlots * SlotSize

	// Behind the slots lies what process/shortcut needs, from the base of the region: the answers, at a
	// multiple of AnswersRoom; one page before that, what a process notes of the files that it reads
	// inside itself; behind the answers the contents of these; and then pieces of larger ones.
	AnswersOff  = (slotsOff + RegionSlots + page + AnswersRoom - 1) &^ (AnswersRoom - 1)
	AnswersRoom = 2 << 20
	SlateOff    = AnswersOff - page
	FilesOff    = AnswersOff + AnswersRoom
	FilesSize   = 16 << 20
	PieceOff    = FilesOff + FilesSize
	PieceSize   = 512<<10 + page

	// RegionSize is the address space a region takes.
	RegionSize = PieceOff + PieceSize

	// Stretch is the address space around it that no program uses which has one. From ScratchOff on it is for what a deputy
	// maps for one call: elsewhere the program has something of its own, or will have, of which the deputy knows nothing.
	Stretch    = 4 << 30
	ScratchOff = 1 << 30
)

// Touches tells whether a range of addresses has some of the stretch at base in it.
func Touches(base, start, end uint64) bool { return start < base+Stretch && base < end }

// The scratch memory lies behind the region.
const _ = uint64(ScratchOff - RegionSize)

// Candidates are bases tried in turn for the region: addresses that neither
// the kernel's mmap nor usual fixed mappings (executables, Go and Java heaps,
// sanitizer shadows) come near. ThreadSanitizer takes all but what the kernel may
// give, so the last one lies there, below where programs are loaded (two thirds of
// the address space and up). Each has a stretch of 4 GiB to itself, which
// the guest's filter can protect by one comparison.
func Candidates() []uint64 {
	var c []uint64
	for i := uint64(0); i < 16; i++ {
		c = append(c, (ReservedHigh+i*0x100)<<32)
	}
	return append(c, 0x5501<<32)
}

// ReservedHigh is the upper half of the first candidate's address.
const ReservedHigh = 0x2f6d

// SlotsAt is where the slots of a region with this base are.
func SlotsAt(base uint64) uint64 { return base + slotsOff }

// PrivateAt is where the private slot of a region with this base is.
func PrivateAt(base uint64) uint64 { return base + privateOff }
