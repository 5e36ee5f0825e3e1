package wire

import (
	"encoding/binary"
	"fmt"

	"openmosix/internal/model/image"
)

// JointVerb says what is said of a page of memory that processes on several nodes share.
type JointVerb uint8

const (
	JointWant JointVerb = iota // guest to home: it is needed here
	JointTake                  // home to guest: give it up
	JointPage                  // both ways: this is it, and it is the other side's from now on
	jointEnd
)

// JointMsg is a word about page Page of the memory that Dev and Ino name as home's mappings do.
type JointMsg struct {
	Dev, Ino uint64
	Page     uint64
	Verb     JointVerb
	Contents []byte // JointPage: a whole page
}

const jointHead = 3*8 + 1

// Append adds the frame's bytes.
func (m *JointMsg) Append(b []byte) []byte {
	for _, v := range []uint64{m.Dev, m.Ino, m.Page} {
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
	m := &JointMsg{Dev: at(0), Ino: at(1), Page: at(2), Verb: JointVerb(b[jointHead-1]), Contents: b[jointHead:]}
	want := 0
	if m.Verb == JointPage {
		want = image.PageSize
	}
	switch {
	case m.Verb >= jointEnd:
		return nil, fmt.Errorf("shared memory: verb %d", m.Verb)
	case len(m.Contents) != want:
		return nil, fmt.Errorf("shared memory: %d bytes instead of %d", len(m.Contents), want)
	case m.Page >= image.MaxJoint/image.PageSize:
		return nil, fmt.Errorf("shared memory: page %d", m.Page)
	}
	return m, nil
}
