package deputy

import (
	"encoding/binary"
	"net"
	"testing"

	"openmosix/internal/model/image"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/naming"
	"openmosix/internal/process/tracee"
	"openmosix/internal/role/transport"
)

// A guest side that asks whether what it has sent ahead is where it is to be hears of it when it
// is; what an attempt asks that was given up is not answered.
func TestSettledWhenAllIsThere(t *testing.T) {
	here, there := net.Pipe()
	l := &link{s: &Supervisor{naming: &naming.Naming{}}, conn: transport.NewFramed(here)}
	guest := transport.NewFramed(there)
	defer guest.Close()
	p := &proc{Process: &tracee.Process{Own: 7}, link: l}
	if !p.begin() {
		t.Fatal("it cannot be moved")
	}
	defer p.end()
	const try = 5
	in := p.inboxFor(l)
	ask := func(try uint64) frame {
		return frame{kind: wire.Settle, id: 7, data: binary.LittleEndian.AppendUint64(nil, try)}
	}
	page := frame{kind: wire.Pages, id: 7, data: make([]byte, 8+image.PageSize)}
	for _, f := range []frame{page, ask(try - 1), page, ask(try), {kind: wire.Frozen, id: 7, data: wire.Encode(wire.ThawMsg{Try: try})}} {
		in.put(f)
	}
	answered := make(chan uint64, 2)
	go func() {
		defer close(answered)
		f, err := guest.Recv()
		if err == nil && f.Kind == wire.Settled && len(f.Data) == 8 {
			answered <- binary.LittleEndian.Uint64(f.Data)
		}
	}()
	pages, settled := 0, 0
	m, err := p.frozen(l, try, comes{left: &allowance{bytes: mostAhead()}, page: func([]byte) error { pages++; return nil }, settle: func() error {
		settled++
		if pages != 2 || len(answered) > 0 {
			t.Errorf("after %d pages; it is answered already: %v", pages, len(answered) > 0)
		}
		return nil
	}})
	if err != nil || m.Try != try {
		t.Fatal(m, err)
	}
	if settled != 1 || <-answered != try {
		t.Errorf("settled %d times, and not answered so", settled)
	}
}
