package bench

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"openmosix/test/labtest"

	"golang.org/x/sys/unix"
)

// What a move's rate is held against: as many bytes over TCP, and over TLS 1.3 as Go's
// library makes it, from one node of the same lab to another, by this program. These come
// from one small piece of memory and go into one, which stay in the CPU's cache. What moves
// has to be fetched from memory, and stored where nothing has been before: so does the copy
// "into memory", over TCP.

const (
	copyVerb  = "copy" // the first argument of this program in a node
	copyPort  = 7998
	copyPiece = 256 << 10

	intoMemory = "memory" // the way to copy
)

func TestMain(m *testing.M) {
	if len(os.Args) == 5 && os.Args[1] == copyVerb {
		if err := copyBytes(os.Args[2], os.Args[3], os.Args[4]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// copier copies between the nodes of a lab.
type copier struct {
	lab *labtest.Lab
	dir string
}

const copyProgram = "copier"

// newCopier puts this program where the nodes see it.
func newCopier(b *testing.B, lab *labtest.Lab, dir string) copier {
	b.Helper()
	program, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, copyProgram), program, 0o755)
	}
	if err != nil {
		b.Fatal(err)
	}
	return copier{lab, dir}
}

// rate copies so many megabytes from node 1 to node 2, over "tcp" or "tls" or intoMemory, in MB/s.
func (c copier) rate(ctx context.Context, b *testing.B, over string, megabytes int) float64 {
	b.Helper()
	run := func(node int, verb string) (*bufio.Scanner, func()) {
		cmd := c.lab.Command(ctx, node, c.dir, filepath.Join(c.dir, copyProgram), copyVerb, verb, over, strconv.Itoa(megabytes))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			b.Fatal(err)
		}
		return bufio.NewScanner(out), func() { _ = cmd.Wait() }
	}
	server, ended := run(2, "serve")
	defer ended()
	if !server.Scan() {
		b.Fatal("nobody takes a copy")
	}
	client, done := run(1, "send")
	defer done()
	if !client.Scan() {
		b.Fatal("the copy failed")
	}
	took, err := strconv.ParseFloat(strings.TrimSpace(client.Text()), 64)
	if err != nil {
		b.Fatal(err)
	}
	return float64(megabytes) / took
}

// copyBytes is what this program does in a node: serve, or send and say how many seconds
// it took from the connecting until the other side had all.
func copyBytes(verb, over, megabytes string) error {
	n, err := strconv.ParseInt(megabytes, 10, 32)
	if err != nil {
		return err
	}
	memory, err := copyMemory(over == intoMemory, n<<20)
	if err != nil {
		return err
	}
	if verb == "send" {
		_, _ = rand.Read(memory[:copyPiece])
		for at := copyPiece; at < len(memory); at += copyPiece {
			copy(memory[at:], memory[:copyPiece])
		}
		return sendCopy(over == "tls", memory, n<<20)
	}
	return takeCopy(over == "tls", memory, n<<20)
}

// copyMemory is what is copied from, or into: all of it fresh, or one piece for all.
func copyMemory(whole bool, length int64) ([]byte, error) {
	if !whole {
		length = copyPiece
	}
	return unix.Mmap(-1, 0, int(length), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
}

// copyPart is the part of a copy's memory that comes next.
func copyPart(memory []byte, at int64) []byte {
	if len(memory) == copyPiece {
		return memory
	}
	return memory[at:min(at+copyPiece, int64(len(memory)))]
}

func sendCopy(encrypted bool, memory []byte, length int64) error {
	start := time.Now()
	c, err := net.Dial("tcp", fmt.Sprintf("10.77.0.2:%d", copyPort))
	if err != nil {
		return err
	}
	defer c.Close()
	if encrypted {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13, DynamicRecordSizingDisabled: true})
	}
	for sent := int64(0); sent < length; sent += copyPiece {
		if _, err := c.Write(copyPart(memory, sent)); err != nil {
			return err
		}
	}
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		return err
	}
	fmt.Println(time.Since(start).Seconds())
	return nil
}

func takeCopy(encrypted bool, memory []byte, length int64) error {
	l, err := net.Listen("tcp", fmt.Sprintf(":%d", copyPort))
	if err != nil {
		return err
	}
	defer l.Close()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	c, err := l.Accept()
	if err != nil {
		return err
	}
	defer c.Close()
	if encrypted {
		c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{cert}, PrivateKey: key}}, MinVersion: tls.VersionTLS13})
	}
	for n := int64(0); n < length; {
		some, err := c.Read(copyPart(memory, n))
		if err != nil {
			return err
		}
		n += int64(some)
	}
	_, err = c.Write([]byte{1})
	return err
}
