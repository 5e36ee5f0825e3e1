package shortcut

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// NewTable makes the memory behind fd, an empty memfd that may be sealed, a table. Nobody can write into it but by this mapping.
func NewTable(fd int) (*Table, error) {
	m, err := sealed(fd, TableSize)
	if err != nil {
		return nil, err
	}
	return &Table{mem: m}, nil
}

// NewFiles is NewTable of the contents of files.
func NewFiles(fd int) (*Files, error) {
	m, err := sealed(fd, FilesSize)
	if err != nil {
		return nil, err
	}
	f := &Files{mem: m}
	for place := range uint32(places) {
		store(f.seq(place), 1)
	}
	return f, nil
}

// NewPieces is NewTable of the pieces of a file.
func NewPieces(fd int) (*Pieces, error) {
	m, err := sealed(fd, PieceSize)
	if err != nil {
		return nil, err
	}
	store(m[pieceSeqOff:], 1)
	return &Pieces{mem: m}, nil
}

// Close gives the supervisor's view of the memory back. The receiver may be nil.
func (p *Pieces) Close() {
	if p != nil {
		_ = unix.Munmap(p.mem)
	}
}

func sealed(fd, size int) ([]byte, error) {
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		return nil, fmt.Errorf("size the answers' memory: %w", err)
	}
	m, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the answers' memory: %w", err)
	}
	const seals = unix.F_SEAL_FUTURE_WRITE | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		_ = unix.Munmap(m)
		return nil, fmt.Errorf("seal the answers' memory: %w", err)
	}
	return m, nil
}

func load(b []byte) uint32     { return atomic.LoadUint32((*uint32)(unsafe.Pointer(&b[0]))) }
func store(b []byte, v uint32) { atomic.StoreUint32((*uint32)(unsafe.Pointer(&b[0])), v) }
