package wire

import (
	"bytes"
	"testing"

	"openmosix/internal/model/image"
)

func FuzzDecodeJoint(f *testing.F) {
	f.Add((&JointMsg{Dev: 1, Ino: 2, Page: 3, Verb: JointWant}).Append(nil))
	f.Add((&JointMsg{Dev: 1, Ino: 2, Page: 255, Verb: JointPage, Contents: make([]byte, image.PageSize)}).Append(nil))
	f.Add((&JointMsg{Page: 1 << 40, Verb: JointTake}).Append(nil))
	f.Add((&JointMsg{Verb: JointPage, Contents: make([]byte, 12)}).Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := DecodeJoint(b)
		if err != nil {
			return
		}
		if m.Page >= image.MaxJoint/image.PageSize || (m.Verb == JointPage) != (len(m.Contents) == image.PageSize) {
			t.Errorf("%+v", m)
		}
		if got := m.Append(nil); !bytes.Equal(got, b) {
			t.Errorf("%x became %x", b, got)
		}
	})
}
