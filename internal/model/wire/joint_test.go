package wire

import (
	"bytes"
	"testing"

	"openmosix/internal/model/image"
)

func FuzzDecodeJoint(f *testing.F) {
	f.Add((&JointMsg{Dev: 1, Ino: 2, Page: 3, Count: 9, Verb: JointRead}).Append(nil))
	f.Add((&JointMsg{Dev: 1, Ino: 2, Page: 255, Count: 1, Grant: 7, Verb: JointGave, Contents: make([]byte, image.PageSize)}).Append(nil))
	f.Add((&JointMsg{Page: 1 << 40, Count: 1, Verb: JointTake}).Append(nil))
	f.Add((&JointMsg{Page: 5, Count: ^uint64(0) - 3, Verb: JointShare}).Append(nil))
	f.Add((&JointMsg{Count: 1, Verb: JointPut, Contents: make([]byte, 12)}).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := DecodeJoint(b)
		if err != nil {
			return
		}
		if end := m.Page + m.Count; end > image.MaxJoint/image.PageSize || end <= m.Page || len(m.Contents) > image.MaxJointRun*image.PageSize {
			t.Errorf("%+v", m)
		}
		if got := m.Append(nil); !bytes.Equal(got, b) {
			t.Errorf("%x became %x", b, got)
		}
	})
}
