package transport

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime"
	"testing"
)

// sink counts writes, and fails when it is told to.
type sink struct {
	net.Conn
	bytes.Buffer
	writes int
	fails  error
}

func (s *sink) Write(b []byte) (int, error) {
	s.writes++
	if s.fails != nil {
		return 0, s.fails
	}
	return s.Buffer.Write(b)
}

func (s *sink) Read(b []byte) (int, error) { return s.Buffer.Read(b) }
func (s *sink) Close() error               { return nil }

// records stands for TLS: it writes 16 KiB at a time.
type records struct{ below *gathered }

func (r records) Write(b []byte) (int, error) {
	for at := 0; at < len(b); at += 16 << 10 {
		if _, err := r.below.Write(b[at:min(at+16<<10, len(b))]); err != nil {
			return at, err
		}
	}
	return len(b), nil
}
func (r records) Read(b []byte) (int, error) { return r.below.Read(b) }
func (r records) Close() error               { return nil }
func (r records) NetConn() net.Conn          { return r.below }

var _ interface{ NetConn() net.Conn } = (*tls.Conn)(nil)

func TestLargeFramesGoOutInFewWrites(t *testing.T) {
	s := &sink{}
	f := NewFramed(records{&gathered{Conn: s}})
	large := bytes.Repeat([]byte("0123456789abcdef"), 32<<10)
	for range 2 {
		if err := f.Send(1, 2, []byte("head"), large); err != nil || s.writes > 4 {
			t.Errorf("%v, %d writes", err, s.writes)
		}
		s.writes = 0
		if err := f.Send(3, 4, []byte("small")); err != nil || s.writes != 1 {
			t.Errorf("%v, %d writes of a small one", err, s.writes)
		}
		s.writes = 0
		got, err := f.Recv()
		if err != nil || got.Kind != 1 || !bytes.Equal(got.Data, append([]byte("head"), large...)) {
			t.Errorf("%v, %d bytes", err, len(got.Data))
		}
		if got, err = f.Recv(); err != nil || string(got.Data) != "small" {
			t.Errorf("%v, %v", err, got)
		}
	}
	s.fails = io.ErrClosedPipe
	if err := f.Send(1, 2, large); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("what could not be written: %v", err)
	}
	if f.Send(1, 2) == nil {
		t.Error("the connection counts as whole")
	}
}

func TestOneCollectionTakesTheBatch(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	heap() // what others have left
	before := heap()
	g := &gathered{Conn: &sink{}}
	g.gather()
	if err := g.release(); err != nil {
		t.Fatal(err)
	}
	if after := heap(); after > before+batchSize/2 {
		t.Errorf("%d bytes before, %d after", before, after)
	}
	runtime.KeepAlive(g)
}
