package guest

import (
	"bytes"
	"fmt"
	"os"

	"openmosix/internal/model/image"

	"golang.org/x/sys/unix"
)

// source is where the contents of one mapped file come from.
type source struct {
	file  *os.File // a local file with the same contents, or memory filled from home
	local bool
	fd    int // its number in the body being built, -1: not passed yet
}

// localTwin opens the file of this node that has the same path and the same
// contents as the one mapped at home. Only a file that nobody but root can
// change is mapped directly: it must not change under the guest's feet.
func (g *Guest) localTwin(f *image.FileID) *os.File {
	if len(f.Hash) == 0 {
		return nil
	}
	l, err := os.Open(f.Path)
	if err != nil {
		return nil
	}
	var st unix.Stat_t
	if unix.Fstat(int(l.Fd()), &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG || uint64(st.Size) != f.Size || st.Uid != 0 || st.Mode&0o022 != 0 {
		_ = l.Close()
		return nil
	}
	h, err := g.hash(l)
	if err != nil || !bytes.Equal(h, f.Hash) {
		_ = l.Close()
		return nil
	}
	return l
}

// hash is the SHA-256 of a file, remembered as long as the file does not change.
func (g *Guest) hash(f *os.File) ([]byte, error) {
	id, err := g.hashes.IdentifyFile(f)
	return id.Hash, err
}

// maxFile bounds what a peer can make us reserve for one file.
const maxFile = 1 << 46

// blankFile is memory in which a file's mapped parts are put as they come.
func blankFile(f *image.FileID) (*os.File, error) {
	if f.Size > maxFile {
		return nil, fmt.Errorf("file %s has %d bytes", f.Path, f.Size)
	}
	fd, err := unix.MemfdCreate("openmosix-file", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memory for %s: %w", f.Path, err)
	}
	m := os.NewFile(uintptr(fd), f.Path)
	if err := m.Truncate(int64(f.Size)); err != nil {
		_ = m.Close()
		return nil, fmt.Errorf("memory for %s: %w", f.Path, err)
	}
	return m, nil
}

// readOnly opens the same file again without the right to write, so that a
// shared mapping of it can never be made writable.
func readOnly(f *os.File) (*os.File, error) {
	return os.Open(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
}

// sources decides for every file of an image where its contents come from. It
// lists those that home must send.
func (g *Guest) sources(img *image.Image) (all []*source, lacking []uint32, err error) {
	for i := range img.Files {
		f := &img.Files[i]
		s := &source{fd: -1}
		if s.file = g.localTwin(f); s.file != nil {
			s.local = true
		} else {
			if s.file, err = blankFile(f); err != nil {
				return all, nil, err
			}
			lacking = append(lacking, uint32(i))
		}
		all = append(all, s)
	}
	return all, lacking, nil
}

func closeSources(all []*source) {
	for _, s := range all {
		_ = s.file.Close()
	}
}

// store puts one File frame into its place.
func store(all []*source, data []byte) error {
	const head = 12
	if len(data) < head {
		return fmt.Errorf("file contents: frame of %d bytes", len(data))
	}
	i, off := le.Uint32(data), le.Uint64(data[4:])
	if int(i) >= len(all) || all[i].local || off > maxFile {
		return fmt.Errorf("file contents for file %d at %#x were not asked for", i, off)
	}
	_, err := all[i].file.WriteAt(data[head:], int64(off))
	return err
}

// give passes a descriptor into the process of a parked thread, over the
// socket that every body has, and returns its number there.
func (g *Guest) give(s *strand, f *os.File) (int, error) {
	ro, err := readOnly(f)
	if err != nil {
		return -1, err
	}
	defer func() { _ = ro.Close() }()
	if err := unix.Sendmsg(int(g.init.supply.Fd()), []byte{1}, unix.UnixRights(int(ro.Fd())), nil, 0); err != nil {
		return -1, fmt.Errorf("pass a descriptor: %w", err)
	}
	const iovOff, dataOff, controlOff, controlLen = 64, 96, 128, 64
	t := s.t
	w := t.Slot.WindowAddr()
	msg := make([]byte, 56) // struct msghdr
	le.PutUint64(msg[16:], w+iovOff)
	le.PutUint64(msg[24:], 1)
	le.PutUint64(msg[32:], w+controlOff)
	le.PutUint64(msg[40:], controlLen)
	iov := make([]byte, 16)
	le.PutUint64(iov, w+dataOff)
	le.PutUint64(iov[8:], 1)
	t.Put(0, msg)
	t.Put(iovOff, iov)
	if _, err := t.Must("receive a descriptor", unix.SYS_RECVMSG, supplyFD, w, unix.MSG_CMSG_CLOEXEC); err != nil {
		return -1, err
	}
	const fdOff = controlOff + 16 // behind struct cmsghdr
	return int(int32(le.Uint32(t.Get(fdOff, 4)))), nil
}
