package carrier

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"openmosix/internal/linux/unixmsg"

	"golang.org/x/sys/unix"
)

// pair is a TCP connection on loopback.
func pair(t *testing.T) (near, far *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	out, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	in, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []net.Conn{out, in} {
		c.SetDeadline(time.Now().Add(20 * time.Second))
		t.Cleanup(func() { c.Close() })
	}
	return out.(*net.TCPConn), in.(*net.TCPConn)
}

// started is a carrier and the daemon's end of its socket.
func started(t *testing.T) (*unixmsg.Conn, chan struct{}) {
	t.Helper()
	daemon, theirs, err := unixmsg.Pair()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Dup(int(theirs.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	conn, err := unixmsg.FromFD(fd)
	if err != nil {
		t.Fatal(err)
	}
	c := &carrier{daemon: conn}
	ended := make(chan struct{})
	go func() { defer close(ended); c.serve(); c.all.Wait() }()
	t.Cleanup(func() { daemon.Close() })
	return daemon, ended
}

func give(t *testing.T, daemon *unixmsg.Conn, ends ...*net.TCPConn) {
	t.Helper()
	var files []*os.File
	for _, e := range ends {
		f, err := e.File()
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files = append(files, f)
		e.Close()
	}
	if err := daemon.Send(Order{}, files...); err != nil {
		t.Fatal(err)
	}
}

func reports(t *testing.T, daemon *unixmsg.Conn, want int) {
	t.Helper()
	daemon.SetReadDeadline(time.Now().Add(20 * time.Second))
	var r Report
	if _, err := daemon.Recv(&r); err != nil || r.Open != want {
		t.Fatalf("%+v, %v; want %d", r, err, want)
	}
}

// What goes in comes out, both ways, each end for itself, without the daemon.
func TestCarry(t *testing.T) {
	daemon, ended := started(t)
	one, relayOne := pair(t)
	two, relayTwo := pair(t)
	give(t, daemon, relayOne, relayTwo)
	reports(t, daemon, 1)
	daemon.Close()

	sent := make([]byte, 3<<20)
	rand.Read(sent)
	go func() { one.Write(sent); one.CloseWrite() }()
	got, err := io.ReadAll(two)
	if err != nil || !bytes.Equal(got, sent) {
		t.Fatalf("%d bytes of %d came, %v", len(got), len(sent), err)
	}
	if _, err := two.Write([]byte("and back")); err != nil {
		t.Fatal(err)
	}
	two.Close()
	if got, err := io.ReadAll(one); err != nil || string(got) != "and back" {
		t.Fatalf("%q, %v", got, err)
	}
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		t.Fatal("the carrier does not end with the last connection")
	}
}

// A half that breaks breaks the other.
func TestABrokenHalf(t *testing.T) {
	daemon, _ := started(t)
	one, relayOne := pair(t)
	two, relayTwo := pair(t)
	give(t, daemon, relayOne, relayTwo)
	reports(t, daemon, 1)
	one.SetLinger(0)
	one.Close()
	if _, err := two.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the other half says %v", err)
	}
	reports(t, daemon, 0)
}

func TestWhatIsNoConnection(t *testing.T) {
	daemon, _ := started(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	one, relayOne := pair(t)
	file, err := relayOne.File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, files := range [][]*os.File{{}, {file}, {r, w}, {file, r}} {
		if err := daemon.Send(Order{}, files...); err != nil {
			t.Fatal(err)
		}
	}
	two, relayTwo := pair(t)
	give(t, daemon, relayOne, relayTwo)
	reports(t, daemon, 1)
	if _, err := one.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(two, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}
