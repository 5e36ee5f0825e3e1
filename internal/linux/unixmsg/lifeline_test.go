package unixmsg

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestLifeline lets the other end die and a successor come.
func TestLifeline(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("x", 80))
	sock, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Dup(int(sock.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	sock.Close()
	first, theirs, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	own, err := unix.Dup(int(theirs.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	conn, err := FromFD(own)
	if err != nil {
		t.Fatal(err)
	}
	l := NewLifeline(conn, fd)
	first.Close()
	var got string
	if _, err := l.Recv(&got); err == nil {
		t.Fatal("the dead one speaks")
	}
	second, err := Connect(path)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if unix.Geteuid() != 0 {
		t.Skip("only root is taken for a successor")
	}
	if err := l.Rejoin(); err != nil {
		t.Fatal(err)
	}
	if err := second.Send("hello"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Recv(&got); err != nil || got != "hello" {
		t.Fatalf("%q, %v", got, err)
	}
	if err := l.Send("well"); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Recv(&got); err != nil || got != "well" {
		t.Fatalf("%q, %v", got, err)
	}
}
