package wire

import (
	"encoding/binary"
	"errors"
)

// ForetoldCall is a call that a thread has not made yet, and what home answers to it:
//
//	Foretold id = thread   the calls (syscalls.Call) and answers (as in a Reply), by turns, each behind its length (4)
//
// It comes just before the reply to another call.
type ForetoldCall struct {
	Call, Answer []byte
}

// Bounds of a Foretold frame.
const (
	MaxForetold      = 32
	MaxForetoldBytes = 64 << 10
)

// Append encodes it behind others.
func (f ForetoldCall) Append(b []byte) []byte {
	b = append(binary.LittleEndian.AppendUint32(b, uint32(len(f.Call))), f.Call...)
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(f.Answer))), f.Answer...)
}

var errForetold = errors.New("calls that were foretold are not understood")

// DecodeForetold reads a frame; the result refers to b.
func DecodeForetold(b []byte) (all []ForetoldCall, err error) {
	if len(b) > MaxForetoldBytes {
		return nil, errForetold
	}
	part := func() (p []byte) {
		if len(b) < 4 || uint64(binary.LittleEndian.Uint32(b)) > uint64(len(b)-4) {
			err = errForetold
			return nil
		}
		n := 4 + int(binary.LittleEndian.Uint32(b))
		p, b = b[4:n], b[n:]
		return p
	}
	for len(b) > 0 && err == nil {
		if len(all) >= MaxForetold {
			return nil, errForetold
		}
		f := ForetoldCall{Call: part()}
		if err == nil {
			f.Answer = part()
		}
		all = append(all, f)
	}
	if err != nil {
		return nil, err
	}
	return all, nil
}
