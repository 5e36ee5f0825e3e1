package wire

import (
	"bytes"
	"testing"
	"time"
)

func TestCreditAndWroteTravel(t *testing.T) {
	credit := CreditMsg{FD: 7, Bytes: MaxCredit, Frames: 4, Time: MaxCreditTime, Dev: 1 << 40, Inode: ^uint64(0)}
	if got, err := DecodeCredit(credit.Append(nil)); err != nil || got != credit {
		t.Errorf("%+v, %v", got, err)
	}
	if credit.Discards() || (CreditMsg{}).Discards() || !(CreditMsg{FD: 1, Bytes: 1}).Discards() {
		t.Error("what is thrown away is told wrongly")
	}
	wrote := WroteMsg{FD: 1 << 20, Data: []byte("data")}
	if got, err := DecodeWrote(append(wrote.Head(), wrote.Data...)); err != nil || got.FD != wrote.FD || !bytes.Equal(got.Data, wrote.Data) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range [][]byte{nil, make([]byte, creditSize-1), make([]byte, creditSize+1), CreditMsg{FD: -1, Bytes: 1}.Append(nil), CreditMsg{Bytes: -1}.Append(nil), CreditMsg{Bytes: MaxCredit + 1}.Append(nil), CreditMsg{Time: MaxCreditTime + time.Millisecond}.Append(nil)} {
		if m, err := DecodeCredit(bad); err == nil {
			t.Errorf("%x was understood: %+v", bad, m)
		}
	}
	for _, bad := range [][]byte{nil, make([]byte, 4), make([]byte, 5+MaxWrote), {0, 0, 0, 0x80, 1}} {
		if m, err := DecodeWrote(bad); err == nil {
			t.Errorf("%d bytes were understood: descriptor %d", len(bad), m.FD)
		}
	}
}

func FuzzWritten(f *testing.F) {
	f.Add(CreditMsg{FD: 3, Bytes: 5, Frames: 1, Time: 250 * time.Millisecond}.Append(nil))
	f.Add(append(WroteMsg{FD: 3}.Head(), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := DecodeCredit(b); err == nil && !bytes.Equal(m.Append(nil), b) {
			t.Errorf("%x: %+v", b, m)
		}
		if m, err := DecodeWrote(b); err == nil && !bytes.Equal(append(m.Head(), m.Data...), b) {
			t.Errorf("%x: %+v", b, m)
		}
	})
}
