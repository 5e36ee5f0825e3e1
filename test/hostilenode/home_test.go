package hostilenode

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"openmosix/internal/model/image"
	"openmosix/internal/model/supervisor"
	"openmosix/internal/model/wire"
)

// comeHome has the victim called home, and what the hostile node answers to the
// freeze sent by it. It gives the last word on the move.
func comeHome(t *testing.T, v *side, limit time.Duration, lie func(try uint64)) supervisor.Event {
	t.Helper()
	word := v.r.ask(supervisor.Request{Verb: supervisor.MoveTo, PID: v.pid, Strategy: supervisor.PreCopy})
	select {
	case m := <-v.freezes:
		lie(m.Try)
	case <-time.After(patience):
		t.Fatal("nobody asks for a freeze")
	}
	return v.r.answer(word, limit)
}

func (s *side) frozen(try uint64, change func(*wire.ThawMsg)) error {
	m := s.thaw
	m.Image.VMAs = append([]image.VMA(nil), m.Image.VMAs...)
	m.Image.Threads = append([]image.Thread(nil), m.Image.Threads...)
	m.Signals, m.Missing, m.Try = nil, nil, try
	change(&m)
	return s.send(wire.Frozen, s.pid, wire.Encode(m))
}

func page(at uint64, n int) []byte {
	return append(le.AppendUint64(nil, at), bytes.Repeat([]byte{0xee}, n)...)
}

// A process that is said to have been frozen, and cannot have been like this, does
// not come home; it stays what it was.
func TestImagesThatCannotBe(t *testing.T) {
	for name, change := range map[string]func(*wire.ThawMsg){
		"another process":      func(m *wire.ThawMsg) { m.Image.PID = 1 },
		"no threads":           func(m *wire.ThawMsg) { m.Image.Threads = nil },
		"a thread that is not": func(m *wire.ThawMsg) { m.Image.Threads[0].TID = 1 },
		"a thread twice":       func(m *wire.ThawMsg) { m.Image.Threads = append(m.Image.Threads, m.Image.Threads[0]) },
		"the kernel's memory": func(m *wire.ThawMsg) {
			m.Image.VMAs[0].Start, m.Image.VMAs[0].End = 0xffff800000000000, 0xffff800000001000
		},
		"overlapping mappings": func(m *wire.ThawMsg) { m.Image.VMAs[1] = m.Image.VMAs[0] },
		"a file that is not":   func(m *wire.ThawMsg) { m.Image.VMAs[0].Kind, m.Image.VMAs[0].File = image.File, 9999 },
		"more signals":         func(m *wire.ThawMsg) { m.SignalsSeen = 0; m.Image.Threads[0].XState = make([]byte, 1<<20) },
		"what was not left out": func(m *wire.ThawMsg) {
			m.Missing = []image.Range{{Start: m.Image.VMAs[0].Start, End: m.Image.VMAs[0].End}}
		},
		"a long name": func(m *wire.ThawMsg) { m.Image.VMAs[0].Name = strings.Repeat("x", 1<<20) },
	} {
		t.Run(name, func(t *testing.T) {
			r, v, bystander := pair(t)
			e := comeHome(t, v, patience, func(try uint64) {
				if err := v.frozen(try, change); err != nil {
					t.Fatal(err)
				}
			})
			if e.Kind != supervisor.Failed || len(e.Text) > 2000 {
				t.Errorf("%s: %.200s", e.Kind, e.Text)
			}
			if !v.gone() {
				v.lives("the victim")
			}
			r.unharmed(bystander)
		})
	}
}

// Pages for addresses that are not the process's are refused, and the process goes on.
func TestPagesForWhatIsNotMapped(t *testing.T) {
	for name, frame := range map[string][]byte{
		"nothing there":  page(0x10000, 4096),
		"the kernel":     page(0xffff800000000000, 4096),
		"odd address":    page(0x7, 100),
		"no address":     {1, 2, 3},
		"around the end": page(^uint64(0)-100, 4096),
	} {
		t.Run(name, func(t *testing.T) {
			r, v, bystander := pair(t)
			e := comeHome(t, v, patience, func(try uint64) {
				_ = v.send(wire.Pages, v.pid, frame) // ahead of the image
				_ = v.frozen(try, func(*wire.ThawMsg) {})
				_ = v.send(wire.Pages, v.pid, frame)
			})
			if e.Kind != supervisor.Failed {
				t.Errorf("%+v", e)
			}
			if !v.gone() {
				v.lives("the victim")
			}
			r.unharmed(bystander)
		})
	}
}

// More pages than the process has do not come for ever.
func TestEndlessPages(t *testing.T) {
	r, v, bystander := pair(t)
	stack := v.thaw.Image.VMAs[0]
	for _, m := range v.thaw.Image.VMAs {
		if m.Name == "[stack]" {
			stack = m
		}
	}
	e := comeHome(t, v, 2*time.Minute, func(try uint64) {
		_ = v.frozen(try, func(*wire.ThawMsg) {})
		go func() {
			one := page(stack.Start, 4096)
			for v.send(wire.Pages, v.pid, one) == nil && !v.gone() {
			}
		}()
	})
	if e.Kind != supervisor.Failed || !strings.Contains(e.Text, "more than the process can have") {
		t.Errorf("%+v", e)
	}
	r.unharmed(bystander)
}

// Silence after the question ends the move, not the process.
func TestSilence(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute")
	}
	r, v, bystander := pair(t)
	e := comeHome(t, v, time.Minute, func(uint64) { bystander.lives("the bystander") })
	if e.Kind != supervisor.Failed || e.Code != supervisor.Unreachable {
		t.Errorf("%+v", e)
	}
	v.lives("the victim")
	r.unharmed(bystander)
}

// What a node says in words is told in short, and does nothing to a terminal.
func TestWords(t *testing.T) {
	r, v, bystander := pair(t)
	e := comeHome(t, v, patience, func(try uint64) {
		_ = v.send(wire.Failed, v.pid, wire.Encode(wire.FailedMsg{Try: try, Step: "\x1b[2J", Text: strings.Repeat("\x1b]0;x\a\r", 1<<20)}))
	})
	if e.Kind != supervisor.Failed || len(e.Text) > 2000 || strings.ContainsAny(e.Text, "\x1b\a\r") {
		t.Errorf("%s: %.100q of %d bytes", e.Kind, e.Text, len(e.Text))
	}
	v.lives("the victim")
	_ = v.send(wire.NeedHome, v.pid, wire.Encode(wire.NeedHomeMsg{Nr: 1, Reason: strings.Repeat("\x1b\n", 8<<20)}))
	<-v.freezes
	if n := len(r.log.String()); n > 64<<10 {
		t.Errorf("the log has %d bytes", n)
	}
	r.unharmed(bystander)
}

// Frames of 60 MB, for a thread that makes a call, wait outside.
func TestLargeFrames(t *testing.T) {
	r, v, bystander := pair(t)
	large := make([]byte, 60<<20)
	for range 3 {
		for _, kind := range []uint8{wire.Call, wire.Text, wire.Wrote, wire.Frozen, wire.Zero, wire.Known} {
			if v.send(kind, v.pid, large) != nil {
				break
			}
		}
		for _, kind := range []uint8{wire.Pages, wire.Fetched} {
			_ = v.send(kind, bystander.pid, large)
		}
	}
	r.unharmed(bystander)
}

// A frame that is said to be larger than any may be ends the connection, and with
// it the process.
func TestImpossibleFrame(t *testing.T) {
	r, v, bystander := pair(t)
	if _, err := v.raw.Write([]byte{0xff, 0xff, 0xff, 0xff, wire.Call, 0, 0, 0, 0, 0, 0, 0, 1}); err != nil {
		t.Fatal(err)
	}
	v.ends()
	r.unharmed(bystander)
}
