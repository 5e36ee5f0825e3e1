package joint

import (
	"fmt"
	"os"
	"sync"
	"time"

	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// Key names an object as home's mappings do.
type Key struct{ Dev, Ino uint64 }

// KeyOf is that of a file of an image, as home names it.
func KeyOf(f *image.FileID) Key { return Key{f.Dev, f.Ino} }

// Side is told what this node needs and what leaves it.
type Side interface {
	// Want: a process of this node, by its own number, waits for a page.
	Want(k Key, page uint64, own int)
	Give(k Key, page uint64, contents []byte)
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

// word is something to be told: contents that leave, or, nil, that a page is wanted.
type word struct {
	k        Key
	page     uint64
	own      int
	contents []byte
}

type object struct {
	key    Key
	file   *os.File
	users  int // beside the processes that have it mapped
	here   []bool
	since  []time.Time // ... and since when
	wanted []bool      // ... or it has been asked for
	taken  []bool      // ... or it is to go, when it has been here long enough
}

// New is the part of home, where all pages are in the beginning, or of another node.
func New(side Side, home bool) *Node {
	n := &Node{side: side, home: home, objects: map[Key]*object{}}
	n.told = sync.NewCond(&n.mu)
	return n
}

// Use makes an object known, if it is not yet, and keeps it until Unuse, and as long as processes
// have it mapped. open gives its file, which is the node's then. At home its pages are all there
// afterwards, holes too. The file must not be closed.
func (n *Node) Use(k Key, size uint64, open func() (*os.File, error)) (*os.File, error) {
	if size == 0 || size > image.MaxJoint || size%image.PageSize != 0 {
		return nil, fmt.Errorf("shared memory of %d bytes", size)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	pages := size / image.PageSize
	if o := n.objects[k]; o != nil {
		if uint64(len(o.here)) != pages {
			return nil, fmt.Errorf("shared memory of %d bytes has %d now", len(o.here)*image.PageSize, size)
		}
		o.users++
		return o.file, nil
	}
	file, err := open()
	if err != nil {
		return nil, err
	}
	if n.home {
		// What is stored behind its end, in the last page, is to be kept, too. Nobody has it open.
		if err := unix.Fallocate(int(file.Fd()), 0, 0, int64(size)); err != nil {
			_ = file.Close()
			return nil, fmt.Errorf("fill the holes of shared memory: %w", err)
		}
	}
	o := &object{key: k, file: file, users: 1, here: make([]bool, pages), since: make([]time.Time, pages), wanted: make([]bool, pages), taken: make([]bool, pages)}
	for i := range o.here {
		o.here[i] = n.home
	}
	n.objects[k] = o
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
	return uint64(len(o.here)) * image.PageSize, true
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
			if w.contents == nil {
				n.side.Want(w.k, w.page, w.own)
			} else {
				n.side.Give(w.k, w.page, w.contents)
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

// Forget ends the serving of all processes. Who waits for a page finds zeros, so nobody may.
func (n *Node) Forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, s := range n.spaces {
		s.close()
	}
	n.spaces = nil
	for k, o := range n.objects {
		_ = o.file.Close()
		delete(n.objects, k)
	}
}
