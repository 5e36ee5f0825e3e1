package wire

import (
	"encoding/binary"
	"fmt"

	"openmosix/internal/model/image"
)

// JointVerb says what is said of pages of memory that processes on several nodes share.
type JointVerb uint8

const (
	JointRead    JointVerb = iota // guest to home: the first is needed here, to be read, and the others are likely to be
	JointWrite                    // ... to be written
	JointGave                     // guest to home: these are they, and they are here no more
	JointKept                     // ... and they are only read here from now on
	JointDropped                  // ... they are here no more, and have not been written
	JointTake                     // home to guest: give them up
	JointShare                    // ... read them only
	JointPut                      // home to guest: these are they, to be written
	JointLend                     // ... to be read
	JointOwn                      // home to guest: those that are read there may be written
	jointEnd
)

// JointMsg is a word about Count pages from Page on of the memory that Dev and Ino name as home's mappings do. Grant is that
// by which the guest's side has them, or had.
type JointMsg struct {
	Dev, Ino    uint64
	Page, Count uint64
	Grant       uint64
	Verb        JointVerb
	Contents    []byte // JointGave, JointKept, JointPut, JointLend: of all pages
}

const jointHead = 5*8 + 1

// Append adds the frame's bytes.
func (m *JointMsg) Append(b []byte) []byte {
	for _, v := range []uint64{m.Dev, m.Ino, m.Page, m.Count, m.Grant} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return append(append(b, byte(m.Verb)), m.Contents...)
}

// DecodeJoint takes a frame apart. Its contents are those of the frame.
func DecodeJoint(b []byte) (*JointMsg, error) {
	if len(b) < jointHead {
		return nil, fmt.Errorf("shared memory: frame of %d bytes", len(b))
	}
	at := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	m := &JointMsg{Dev: at(0), Ino: at(1), Page: at(2), Count: at(3), Grant: at(4), Verb: JointVerb(b[jointHead-1]), Contents: b[jointHead:]}
	most, size := uint64(image.MaxJoint/image.PageSize), uint64(0)
	switch m.Verb {
	case JointGave, JointKept, JointPut, JointLend:
		most, size = image.MaxJointRun, image.PageSize
	case JointRead, JointWrite:
		most = image.MaxJointAhead
	}
	switch {
	case m.Verb >= jointEnd:
		return nil, fmt.Errorf("shared memory: verb %d", m.Verb)
	case m.Count == 0 || m.Count > most || m.Page >= image.MaxJoint/image.PageSize || m.Count > image.MaxJoint/image.PageSize-m.Page:
		return nil, fmt.Errorf("shared memory: %d pages from %d on", m.Count, m.Page)
	case uint64(len(m.Contents)) != m.Count*size:
		return nil, fmt.Errorf("shared memory: %d bytes of %d pages", len(m.Contents), m.Count)
	}
	return m, nil
}
