package daemon

import (
	"fmt"
	"net"
	"os"
	"testing"
)

// freeAddresses are addresses to listen at later. They are on a loopback address that only this
// process goes by: of 127.0.0.1 another test, or whoever connects there, may have taken the port by then.
func freeAddresses(t *testing.T, n int) []string {
	t.Helper()
	pid := os.Getpid()
	own := fmt.Sprintf("127.%d.%d.%d:0", 64+pid>>16%64, pid>>8%256, pid%256)
	var all []string
	for range n {
		l, err := net.Listen("tcp", own)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // only then: each is another one
		all = append(all, l.Addr().String())
	}
	return all
}

func TestFreeAddresses(t *testing.T) {
	address := freeAddresses(t, 1)[0]
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{net.JoinHostPort("127.0.0.1", port), address} {
		l, err := net.Listen("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
	}
}
