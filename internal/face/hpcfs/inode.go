package hpcfs

import (
	"context"
	"strconv"
	"sync"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"

	"openmosix/internal/node/control"
)

// callOf makes a call of what the kernel tells of the caller. For the thread it
// names, the process is looked up; whoever lives in a pid namespace that this
// one does not contain has the number 0.
func (t *Tree) callOf(ctx context.Context, number int) *call {
	c := &call{Tree: t, number: number}
	if caller, ok := fuse.FromContext(ctx); ok {
		c.pid = t.processOf(int(caller.Pid))
		c.opener = control.Caller{PID: c.pid, UID: caller.Uid}
	}
	return c
}

// inode numbers: 1 is the root, then the directories of places, then their
// files. A number says what is behind it, so the library finds an inode again
// that the kernel still knows.
func inodeOf(p place, number, row int) uint64 {
	return uint64(p)<<56 | uint64(number)<<16 | uint64(row+2)
}

const noRow = -1

// top is the root.
type top struct {
	fs.Inode
	tree *Tree
}

var _ = (fs.NodeOnAdder)((*top)(nil))

func (d *top) OnAdd(ctx context.Context) {
	for _, p := range places {
		var ops fs.InodeEmbedder = &files{tree: d.tree, in: p.place}
		if p.numbered {
			ops = &numbered{tree: d.tree, in: p.place}
		}
		id := fs.StableAttr{Mode: syscall.S_IFDIR, Ino: inodeOf(p.place, 0, noRow)}
		d.AddChild(p.dir, d.NewPersistentInode(ctx, ops, id), true)
	}
}

func (d *top) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Mode = 0o555
	return 0
}

// Create is asked for what a shell's > does not find.
func (d *top) Create(context.Context, string, uint32, uint32, *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	return nil, nil, 0, syscall.ENOENT
}

// numbered is a directory of directories: nodes, guests or processes.
type numbered struct {
	fs.Inode
	tree *Tree
	in   place
}

var (
	_ = (fs.NodeLookuper)((*numbered)(nil))
	_ = (fs.NodeReaddirer)((*numbered)(nil))
)

// selfName is in proc.
const selfName = "self"

func (d *numbered) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Mode = 0o555
	return 0
}

func (d *numbered) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	if d.in == process && name == selfName {
		out.Mode = 0o777
		return d.NewInode(ctx, &self{tree: d.tree}, fs.StableAttr{Mode: syscall.S_IFLNK, Ino: inodeOf(process, 0, 0)}), 0
	}
	number, ok := numberOf(name)
	if !ok {
		return nil, syscall.ENOENT
	}
	there, err := d.tree.callOf(ctx, number).has(ctx, d.in, number)
	if err != nil {
		return nil, errnoOf(err)
	}
	if !there {
		return nil, syscall.ENOENT
	}
	child := &files{tree: d.tree, in: d.in, number: number}
	child.attributes(&out.Attr)
	return d.NewInode(ctx, child, fs.StableAttr{Mode: syscall.S_IFDIR, Ino: inodeOf(d.in, number, noRow)}), 0
}

func (d *numbered) Readdir(ctx context.Context) (fs.DirStream, syscall.Errno) {
	numbers, err := d.tree.callOf(ctx, 0).members(ctx, d.in)
	if err != nil {
		return nil, errnoOf(err)
	}
	var entries []fuse.DirEntry
	if d.in == process {
		entries = append(entries, fuse.DirEntry{Name: selfName, Mode: syscall.S_IFLNK, Ino: inodeOf(process, 0, 0)})
	}
	for _, n := range numbers {
		entries = append(entries, fuse.DirEntry{Name: strconv.Itoa(n), Mode: syscall.S_IFDIR, Ino: inodeOf(d.in, n, noRow)})
	}
	return fs.NewListDirStream(entries), 0
}

func (d *numbered) Create(context.Context, string, uint32, uint32, *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	return nil, nil, 0, syscall.ENOENT
}

// self is a link to the caller's directory.
type self struct {
	fs.Inode
	tree *Tree
}

var _ = (fs.NodeReadlinker)((*self)(nil))

func (l *self) Readlink(ctx context.Context) ([]byte, syscall.Errno) {
	pid := l.tree.callOf(ctx, 0).pid
	if pid == 0 {
		return nil, syscall.ENOENT
	}
	return []byte(strconv.Itoa(pid)), 0
}

// files is a directory with the files of a place.
type files struct {
	fs.Inode
	tree   *Tree
	in     place
	number int
}

var (
	_ = (fs.NodeLookuper)((*files)(nil))
	_ = (fs.NodeReaddirer)((*files)(nil))
)

func (d *files) attributes(out *fuse.Attr) {
	out.Mode = 0o555
	out.Uid, out.Gid = d.tree.ownerOf(d.in, d.number)
}

func (d *files) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	d.attributes(&out.Attr)
	return 0
}

func (d *files) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	for i, f := range filesIn(d.in) {
		if f.name == name {
			child := &leaf{tree: d.tree, file: f, number: d.number}
			child.attributes(&out.Attr)
			return d.NewInode(ctx, child, fs.StableAttr{Mode: syscall.S_IFREG, Ino: inodeOf(d.in, d.number, i)}), 0
		}
	}
	return nil, syscall.ENOENT
}

func (d *files) Readdir(context.Context) (fs.DirStream, syscall.Errno) {
	var entries []fuse.DirEntry
	for i, f := range filesIn(d.in) {
		entries = append(entries, fuse.DirEntry{Name: f.name, Mode: syscall.S_IFREG, Ino: inodeOf(d.in, d.number, i)})
	}
	return fs.NewListDirStream(entries), 0
}

func (d *files) Create(context.Context, string, uint32, uint32, *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	return nil, nil, 0, syscall.ENOENT
}

// leaf is a file.
type leaf struct {
	fs.Inode
	tree   *Tree
	file   file
	number int
}

var (
	_ = (fs.NodeOpener)((*leaf)(nil))
	_ = (fs.NodeSetattrer)((*leaf)(nil))
)

func (l *leaf) attributes(out *fuse.Attr) {
	out.Mode = l.file.mode
	out.Uid, out.Gid = l.tree.ownerOf(l.file.in, l.number)
}

func (l *leaf) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	l.attributes(&out.Attr)
	return 0
}

// Setattr lets a shell's > make the file empty, which it is.
func (l *leaf) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	if size, ok := in.GetSize(); !ok || size != 0 {
		return syscall.EPERM
	}
	l.attributes(&out.Attr)
	return 0
}

// Open refuses only what cannot be done with the file at all. Size 0 and direct
// reads are as in procfs: nothing is kept by the kernel.
func (l *leaf) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	access := flags & syscall.O_ACCMODE
	if access != syscall.O_WRONLY && l.file.read == nil || access != syscall.O_RDONLY && l.file.write == nil {
		return nil, 0, syscall.EACCES
	}
	return &opened{leaf: l, opener: l.tree.callOf(ctx, l.number).opener}, fuse.FOPEN_DIRECT_IO, 0
}

// opened is a file as one caller has opened it.
type opened struct {
	leaf   *leaf
	opener control.Caller

	mu   sync.Mutex
	text string
}

var (
	_ = (fs.FileReader)((*opened)(nil))
	_ = (fs.FileWriter)((*opened)(nil))
)

func (o *opened) call(ctx context.Context) *call {
	c := o.leaf.tree.callOf(ctx, o.leaf.number)
	c.opener = o.opener
	return c
}

// Read asks anew whenever it is read from the beginning, so that a program may
// keep the file open and look again.
func (o *opened) Read(ctx context.Context, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if off == 0 {
		text, err := o.call(ctx).readFile(ctx, &o.leaf.file)
		if err != nil {
			return nil, errnoOf(err)
		}
		o.text = text
	}
	rest := o.text[min(off, int64(len(o.text))):]
	return fuse.ReadResultData([]byte(rest[:min(len(rest), len(dest))])), 0
}

// Write takes each write for a whole, wherever the file's position is.
func (o *opened) Write(ctx context.Context, data []byte, _ int64) (uint32, syscall.Errno) {
	if err := o.call(ctx).writeFile(ctx, &o.leaf.file, data); err != nil {
		return 0, errnoOf(err)
	}
	return uint32(len(data)), 0
}
