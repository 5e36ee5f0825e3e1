package shortcut

import (
	"openmosix/internal/model/wire"
	"openmosix/internal/process/stub"
)

// Offsets in a file; code_amd64.s has the same.
const (
	sizeOff, statOff, contentsOff = 0, 8, 256

	statSize = wire.StatSize
	places   = stub.FilesSize / page

	// The first pages hold a sequence number for each place, which is odd while no file is there.
	firstPlace = places * 4 / page
)

// Where the contents lie in a process, from the beginning of the stub's region, and their size.
const (
	FilesOff  = stub.FilesOff
	FilesSize = stub.FilesSize
)

// Files is memory with the states and contents of files, which processes may read. Its owner's lock guards it.
type Files struct {
	mem    []byte
	used   [places]bool   // pages
	length map[uint32]int // of a file in pages, by its place
	filled int            // no page from here on was ever used
}

// Put enters a file; false: there is no room for it. The place is not 0. Precondition: stat has statSize bytes.
func (f *Files) Put(stat, contents []byte) (place uint32, ok bool) {
	n := (contentsOff + len(contents) + page - 1) / page
	at := f.room(n)
	if at == 0 {
		return 0, false
	}
	for i := at; i < at+n; i++ {
		f.used[i] = true
	}
	f.filled = max(f.filled, at+n)
	if f.length == nil {
		f.length = map[uint32]int{}
	}
	place = uint32(at)
	f.length[place] = n
	b := f.mem[at*page:][:n*page]
	le.PutUint32(b[sizeOff:], uint32(len(contents)))
	copy(b[statOff:][:statSize], stat)
	copy(b[contentsOff:], contents)
	seq := f.seq(place)
	store(seq, (load(seq)|1)+1)
	return place, true
}

// room finds n free pages, 0: there are none.
func (f *Files) room(n int) int {
	free := 0
	for i := firstPlace; i < places; i++ {
		if free++; f.used[i] {
			free = 0
		}
		if free == n {
			return i - n + 1
		}
	}
	return 0
}

func (f *Files) seq(place uint32) []byte { return f.mem[4*place:] }

// Seq is the sequence number of a place, odd if no file is there; false: there is no such place.
func (f *Files) Seq(place uint32) (seq uint32, ok bool) {
	if place < firstPlace || place >= places {
		return 0, false
	}
	return load(f.seq(place)), true
}

// Drop has a file be read no more.
func (f *Files) Drop(place uint32) {
	seq := f.seq(place)
	store(seq, load(seq)|1)
	for i := int(place); i < int(place)+f.length[place]; i++ {
		f.used[i] = false
	}
	delete(f.length, place)
}

// Wipe drops all files, and leaves nothing of them.
func (f *Files) Wipe() {
	for place := range f.length {
		f.Drop(place)
	}
	clear(f.mem[firstPlace*page : max(f.filled, firstPlace)*page])
	f.filled = 0
}
