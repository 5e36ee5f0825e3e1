package joint

import (
	"fmt"
	"os"
	"sync"

	"openmosix/internal/model/coherence"
	"openmosix/internal/model/image"
)

// Key names an object as home's mappings do.
type Key struct{ Dev, Ino uint64 }

// KeyOf is that of a file of an image, as home names it.
func KeyOf(f *image.FileID) Key { return Key{f.Dev, f.Ino} }

// Side is told what this node needs and what leaves it.
type Side interface {
	// Want: a process of this node, by its own number, waits for a page, to write it or to read it. More than one:
	// the next ones are likely to be needed as well.
	Want(k Key, page, count uint64, write bool, own int)
	// Say tells of neighbouring pages that leave, or are read only from now on, what is in them, and by which grant this
	// node had them. Contents are of all of them; of what is dropped there are none.
	Say(k Key, page, count uint64, word coherence.Word, grant uint64, contents []byte)
}

// Node is this node's part of all objects of one family. All methods may be called at any time.
type Node struct {
	side Side
	home bool

	mu      sync.Mutex
	objects map[Key]*object
	spaces  []*Space
	came    int // spaces, so far
	sweepAt int // so many are looked through for those that have ended
	out     []word
	busy    bool       // out is being told
	told    *sync.Cond // out is empty, and has been told
}

// word is something to be told: of pages that leave, or, with a mode, that are wanted.
type word struct {
	k           Key
	page, count uint64
	wanted      mode
	own         int
	word        coherence.Word
	grant       uint64
	contents    []byte
}

// New is the part of home, where all pages are in the beginning, or of another node.
func New(side Side, home bool) *Node {
	n := &Node{side: side, home: home, objects: map[Key]*object{}}
	n.told = sync.NewCond(&n.mu)
	return n
}

// Use makes an object known, if it is not yet, and keeps it until Unuse, and as long as processes
// have it mapped. open gives its file, which is the node's then, and must not be closed. At home all its pages are
// there, and its size may be another one than before as long as that is so.
func (n *Node) Use(k Key, size uint64, open func() (*os.File, error)) (*os.File, error) {
	if size == 0 || size > image.MaxJoint || size%image.PageSize != 0 {
		return nil, fmt.Errorf("shared memory of %d bytes", size)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	pages := size / image.PageSize
	if o := n.objects[k]; o != nil {
		if err := o.resize(pages); err != nil {
			return nil, err
		}
		o.users++
		return o.file, nil
	}
	file, err := open()
	if err != nil {
		return nil, err
	}
	st, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	n.objects[k] = &object{key: k, file: file, size: st.Size(), users: 1, home: n.home, pages: make([]page, pages)}
	return file, nil
}

// Size of an object that is known, bytes.
func (n *Node) Size(k Key) (uint64, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	o := n.objects[k]
	if o == nil {
		return 0, false
	}
	return uint64(len(o.pages)) * image.PageSize, true
}

// Unuse ends a Use.
func (n *Node) Unuse(k Key) {
	n.mu.Lock()
	if o := n.objects[k]; o != nil {
		o.users--
	}
	n.forgetUnused()
	n.mu.Unlock()
	n.Flush()
}

// say has a word told. Precondition: mu is held.
func (n *Node) say(w word) {
	n.out = append(n.out, w)
	if !n.busy {
		n.busy = true
		go n.tell()
	}
}

func (n *Node) tell() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(n.out) > 0 {
		out := n.out
		n.out = nil
		n.mu.Unlock()
		for _, w := range out {
			if w.wanted != initial {
				n.side.Want(w.k, w.page, w.count, w.wanted == writes, w.own)
			} else {
				n.side.Say(w.k, w.page, w.count, w.word, w.grant, w.contents)
			}
		}
		n.mu.Lock()
	}
	n.busy = false
	n.told.Broadcast()
}

// Flush waits until all has been told.
func (n *Node) Flush() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for n.busy {
		n.told.Wait()
	}
}

// Forget ends the serving of all processes. Who waits for a page finds zeros, so nobody may. When it returns nothing
// of theirs is watched any more: another supervisor may serve them from now on.
func (n *Node) Forget() {
	n.mu.Lock()
	served := n.spaces
	n.spaces = nil
	for k, o := range n.objects {
		_ = o.file.Close()
		delete(n.objects, k)
	}
	n.mu.Unlock()
	for _, s := range served {
		_ = s.file.Close() // waits for who listens, and who does may be waiting for mu
	}
}
