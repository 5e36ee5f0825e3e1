package blocking

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pair is a connection, taken over at one of its ends.
func pair(t *testing.T) (*Conn, *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	far, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	near, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c, err := From(near.(*net.TCPConn))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(); _ = far.Close() })
	return c, far.(*net.TCPConn)
}

func TestBothWays(t *testing.T) {
	c, far := pair(t)
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	wrote := make(chan error, 2)
	go func() { _, err := c.Write(sent); wrote <- err }()
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(far, got); err != nil || !bytes.Equal(got, sent) {
		t.Error("written", err)
	}
	go func() { _, err := far.Write(sent); wrote <- errors.Join(err, far.CloseWrite()) }()
	clear(got)
	// More than there is room for in the kernel: it must not wait for all of it.
	c.Needs(len(sent))
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, sent) {
		t.Error("read", err)
	}
	if n, err := c.Read(got); n != 0 || err != io.EOF {
		t.Error("at the end", n, err)
	}
	for range 2 {
		if err := <-wrote; err != nil {
			t.Error(err)
		}
	}
	if c.RemoteAddr().String() != far.LocalAddr().String() || c.LocalAddr().String() != far.RemoteAddr().String() {
		t.Error(c.LocalAddr(), c.RemoteAddr())
	}
}

// pause is long enough for what should not happen to happen.
const pause = 50 * time.Millisecond

// awaitSleep waits until a thread waits in the kernel for what comes.
func awaitSleep(t *testing.T, tid int) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); {
		text, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/syscall", tid))
		nr, _, _ := strings.Cut(string(text), " ")
		if n, _ := strconv.Atoi(nr); err == nil && (n == unix.SYS_RECVFROM || n == unix.SYS_PPOLL || n == unix.SYS_POLL) {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("it does not wait")
}

// Who needs much is woken up when it is there, who needs anything by that.
func TestNeeds(t *testing.T) {
	c, far := pair(t)
	type read struct {
		n   int
		err error
	}
	got := make(chan read, 1)
	begin := func(bytes int) {
		c.Needs(bytes)
		reader := make(chan int)
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			reader <- unix.Gettid()
			n, err := c.Read(make([]byte, 1<<20))
			got <- read{n, err}
		}()
		awaitSleep(t, <-reader)
	}
	ended := func(want int) {
		t.Helper()
		if r := <-got; r != (read{want, nil}) {
			t.Errorf("%d bytes, %v", r.n, r.err)
		}
	}
	half := make([]byte, 64<<10)
	begin(2 * len(half))
	_, _ = far.Write(half)
	select {
	case r := <-got:
		t.Fatalf("woken up by %d bytes, %v", r.n, r.err)
	case <-time.After(pause):
	}
	_, _ = far.Write(half)
	ended(2 * len(half))
	begin(1)
	_, _ = far.Write(half[:10])
	ended(10)
	begin(len(half)) // now the end comes before that
	_, _ = far.Write(half[:10])
	_ = far.CloseWrite()
	ended(10)
}

// Close ends reads and writes that wait, and the other side hears of it.
func TestClose(t *testing.T) {
	read := func(c *Conn) error { _, err := c.Read(make([]byte, 10)); return err }
	much := func(c *Conn) error { c.Needs(1 << 16); return read(c) }
	write := func(c *Conn) error { _, err := c.Write(make([]byte, 64<<20)); return err }
	for name, wait := range map[string]func(c *Conn) error{"read": read, "read of much": much, "write": write} {
		c, far := pair(t)
		ended := make(chan error, 1)
		go func() { ended <- wait(c) }()
		time.Sleep(pause)
		if err := c.Close(); err != nil {
			t.Error(name, err)
		}
		select {
		case err := <-ended:
			if !errors.Is(err, net.ErrClosed) {
				t.Error(name, err)
			}
		case <-time.After(10 * time.Second):
			t.Fatal(name, "waits")
		}
		for call, err := range map[string]error{"close": c.Close(), "read": read(c), "write": write(c)} {
			if !errors.Is(err, net.ErrClosed) {
				t.Error(name, call, "after it:", err)
			}
		}
		if _, err := io.Copy(io.Discard, far); err != nil && !errors.Is(err, unix.ECONNRESET) {
			t.Error(name, err)
		}
	}
}

func TestWriteDeadline(t *testing.T) {
	c, _ := pair(t)
	if err := c.SetWriteDeadline(time.Now().Add(pause)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Write(make([]byte, 64<<20)); !errors.Is(err, os.ErrDeadlineExceeded) || n == 0 {
		t.Error(n, err)
	}
	if err := c.SetDeadline(time.Now()); !errors.Is(err, errors.ErrUnsupported) {
		t.Error("a deadline of reads:", err)
	}
	if err := c.SetDeadline(time.Time{}); err != nil {
		t.Error(err)
	}
}

// A connection that the other side breaks is told as such.
func TestBroken(t *testing.T) {
	c, far := pair(t)
	_ = far.SetLinger(0)
	_ = far.Close()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, unix.ECONNRESET) {
		t.Error(err)
	}
	if _, err := c.Write([]byte("x")); !errors.Is(err, unix.EPIPE) {
		t.Error(err)
	}
}

// The descriptor is closed by the last who uses it, once.
func TestDescriptors(t *testing.T) {
	open := func() int {
		names, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	was := open()
	for range 10 {
		c, far := pair(t)
		ended := make(chan struct{})
		go func() { _, _ = c.Read(make([]byte, 1)); close(ended) }()
		time.Sleep(time.Millisecond)
		_ = c.Close()
		_ = far.Close()
		<-ended
	}
	if now := open(); now > was+2 { // what the runtime itself has opened meanwhile
		t.Errorf("%d descriptors, %d before", now, was)
	}
}
