package unixmsg

import (
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

type note struct {
	Text string
	N    int
}

func pair(t *testing.T) (*Conn, *Conn) {
	t.Helper()
	a, child, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Dup(int(child.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	child.Close()
	b, err := FromFD(fd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

func TestMessagesKeepTheirBoundsAndOrder(t *testing.T) {
	a, b := pair(t)
	sent := make(chan error, 500)
	go func() {
		for i := range 500 {
			sent <- a.Send(note{Text: strings.Repeat("x", i), N: i})
		}
		a.Close()
	}()
	for i := range 500 {
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		var got note
		if _, err := b.Recv(&got); err != nil {
			t.Fatal(err)
		}
		if got.N != i || len(got.Text) != i {
			t.Fatalf("message %d arrived as %d with %d bytes", i, got.N, len(got.Text))
		}
	}
	if _, err := b.Recv(new(note)); err != io.EOF {
		t.Fatalf("after close: %v, want EOF", err)
	}
}

func TestFilesTravel(t *testing.T) {
	a, b := pair(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := a.Send(note{N: 1}, w, r); err != nil {
		t.Fatal(err)
	}
	w.Close()
	files, err := b.Recv(new(note))
	if err != nil || len(files) != 2 {
		t.Fatalf("got %d files, %v", len(files), err)
	}
	defer closeAll(files)
	flags, err := unix.FcntlInt(files[0].Fd(), unix.F_GETFD, 0)
	if err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("a received descriptor is not close-on-exec (%v)", err)
	}
	if _, err := files[0].WriteString("through"); err != nil {
		t.Fatal(err)
	}
	files[0].Close()
	if got, _ := io.ReadAll(r); string(got) != "through" {
		t.Errorf("read %q from the pipe", got)
	}
}

func TestBounds(t *testing.T) {
	a, b := pair(t)
	if err := a.Send(note{Text: strings.Repeat("x", MaxPacket)}); !errors.Is(err, ErrTooBig) {
		t.Errorf("too large a message: %v", err)
	}
	many := make([]*os.File, MaxFiles+1)
	if err := a.Send(note{}, many...); err == nil {
		t.Error("too many files were sent")
	}
	if os.Geteuid() == 0 {
		sent := make(chan error, 1)
		go func() { sent <- a.Send(note{Text: strings.Repeat("x", MaxPacket-100)}) }()
		var got note
		if _, err := b.Recv(&got); err != nil || len(got.Text) != MaxPacket-100 {
			t.Errorf("largest message: %d bytes, %v", len(got.Text), err)
		}
		if err := <-sent; err != nil {
			t.Error(err)
		}
	}
}

func TestWrongJSONIsAnErrorAndTheNextMessageIsRead(t *testing.T) {
	a, b := pair(t)
	if err := a.write([]byte("{nonsense"), nil); err != nil {
		t.Fatal(err)
	}
	if err := a.Send(note{N: 7}); err != nil {
		t.Fatal(err)
	}
	var got note
	if _, err := b.Recv(&got); err == nil {
		t.Error("nonsense was decoded")
	}
	if _, err := b.Recv(&got); err != nil || got.N != 7 {
		t.Errorf("next message: %v, %v", got, err)
	}
}

func TestManySendersAtOnce(t *testing.T) {
	a, b := pair(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 200 {
				if err := a.Send(note{Text: strings.Repeat("y", 3000)}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 800 {
		var got note
		if _, err := b.Recv(&got); err != nil || len(got.Text) != 3000 {
			t.Fatalf("%d bytes, %v", len(got.Text), err)
		}
	}
	group.Wait()
}

func TestCloseEndsAWaitingRecvAndDeadlinesHold(t *testing.T) {
	a, b := pair(t)
	b.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	if _, err := b.Recv(new(note)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("deadline: %v", err)
	}
	b.SetReadDeadline(time.Time{})
	ended := make(chan error, 1)
	go func() { _, err := b.Recv(new(note)); ended <- err }()
	time.Sleep(5 * time.Millisecond)
	b.Close()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("Recv on a closed end returned a message")
		}
	case <-time.After(30 * time.Second):
		t.Fatal("Recv still waits after Close")
	}
	_ = a
}

func TestLastWordsOfAPeerThatLeavesMessagesUnread(t *testing.T) {
	a, b := pair(t)
	if err := a.Send(note{N: 1}); err != nil {
		t.Fatal(err)
	}
	if err := b.Send(note{N: 2}); err != nil {
		t.Fatal(err)
	}
	b.Close()
	var got note
	if _, err := a.Recv(&got); err != nil || got.N != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := a.Recv(&got); err != io.EOF {
		t.Errorf("then: %v, want EOF", err)
	}
}

func TestFromFDRefusesOtherDescriptors(t *testing.T) {
	f, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := FromFD(int(f.Fd())); err == nil {
		t.Error("/dev/null was taken for a socket")
	}
}
