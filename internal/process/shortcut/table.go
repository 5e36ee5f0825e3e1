package shortcut

import "openmosix/internal/process/stub"

// Answered tells whether the code can answer a call: that its arguments leave only the answer the
// path has is for model/names to say.
func Answered(nr int) bool { return ofNames(nr) || nr == 0 || nr == 3 } // read, close

// ofNames tells whether it can by the path.
func ofNames(nr int) bool { return nr == 89 || nr == 257 || nr == 262 } // readlink, openat, newfstatat

// Key is what an answer is looked for by: the call, the path as the process gives it, and for a
// relative one the view, a number for the working directory; else 0.
type Key struct {
	Nr   int
	View uint32
	Path string
}

// Offsets of the table, of an entry in it and of a control word; code_amd64.s has the same.
const (
	entriesOff = 0x2000
	entryCount = 8192
	entrySize  = 128
	controls   = entriesOff / 8

	seqOff, hashOff, nrOff, lengthOff, resultOff, viewOff, pathOff = 0, 4, 8, 10, 12, 16, 24

	longest = entrySize - pathOff
)

// TableOff is where in the stub's region the table is to be mapped. The code finds its
// beginning by the alignment.
const (
	TableOff  = stub.AnswersOff
	TableSize = entriesOff + entryCount*entrySize
)

// Fits tells whether a key can be in the table.
func (k *Key) Fits() bool {
	return ofNames(k.Nr) && len(k.Path) > 0 && len(k.Path) < longest && (k.View != 0) != (k.Path[0] == '/')
}

func (k *Key) hash() uint32 { return hash(k.Nr, k.View, k.Path) }

// hash is what the code computes.
func hash[P string | []byte](nr int, view uint32, path P) uint32 {
	h := view<<9 + uint32(nr)
	for i := range len(path) {
		h = h*0x01000193 ^ uint32(path[i])
	}
	return h
}

// place is where an answer lies, or in the one beside it: two share two places.
func place(hash uint32) int { return int((hash ^ hash>>15) & (entryCount - 1)) }

// Table is the supervisor's side of the answers. Its owner's lock guards it.
type Table struct {
	mem  []byte
	keys map[int]entry // by place
	free []uint16      // control words
	used int           // ... that have been given away
}

// entry is one that holds.
type entry struct {
	Key
	result int32
}

// Has tells whether there is an answer, without a copy of the path.
func Has[P string | []byte](t *Table, nr int, view uint32, path P) bool {
	at := place(hash(nr, view, path))
	for _, at := range [2]int{at, at ^ 1} {
		if k, has := t.keys[at]; has && k.Nr == nr && k.View == view && k.Path == string(path) {
			return true
		}
	}
	return false
}

// Put enters an answer in place of whatever was there: a negative error number, 0, or of an openat the place of a file. False: the key does not fit.
func (t *Table) Put(k Key, result int32) bool {
	if !k.Fits() {
		return false
	}
	if Has(t, k.Nr, k.View, k.Path) {
		return true // with the same answer: Keep drops those that have another
	}
	h := k.hash()
	at := place(h)
	if _, taken := t.keys[at]; taken {
		if _, both := t.keys[at^1]; !both {
			at ^= 1
		}
	}
	e := t.mem[entriesOff+at*entrySize:][:entrySize]
	next := t.begin(e)
	le.PutUint32(e[hashOff:], h)
	le.PutUint16(e[nrOff:], uint16(k.Nr))
	le.PutUint16(e[lengthOff:], uint16(len(k.Path)))
	le.PutUint32(e[resultOff:], uint32(result))
	le.PutUint32(e[viewOff:], k.View)
	copy(e[pathOff:], k.Path)
	store(e[seqOff:], next)
	if t.keys == nil {
		t.keys = map[int]entry{}
	}
	t.keys[at] = entry{k, result}
	return true
}

// begin makes an entry one that is being written, and gives the sequence number it is to have afterwards.
func (t *Table) begin(e []byte) uint32 {
	seq := load(e[seqOff:])
	store(e[seqOff:], seq|1)
	return (seq | 1) + 1
}

// Keep drops the answers that do not hold any more.
func (t *Table) Keep(holds func(k Key, result int32) bool) {
	for at, k := range t.keys {
		if !holds(k.Key, k.result) {
			t.begin(t.mem[entriesOff+at*entrySize:])
			delete(t.keys, at)
		}
	}
}

// Len is how many answers there are.
func (t *Table) Len() int { return len(t.keys) }

// Take gives a process a control word; false: all are in use.
func (t *Table) Take() (index int, ok bool) {
	if n := len(t.free); n > 0 {
		index, t.free = int(t.free[n-1]), t.free[:n-1]
		return index, true
	}
	if t.used == controls {
		return 0, false
	}
	t.used++
	return t.used - 1, true
}

// Return takes back the control word of a process that is gone or has its instructions back.
func (t *Table) Return(index int) {
	t.Control(index, false, 0)
	t.free = append(t.free, uint16(index))
}

// Control says whether a process may be answered, and from which working directory it sees relative paths (0: from none that is known).
func (t *Table) Control(index int, on bool, view uint32) {
	word := t.mem[8*index:]
	if !on {
		store(word, 0)
		return
	}
	store(word[4:], view)
	store(word, 1)
}
