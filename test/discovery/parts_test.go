package discovery

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"openmosix/test/labtest"
)

// Parts of this test run in nodes: the test's own program, started there with
// this variable set.
const partVariable = "OPENMOSIX_TEST_PART"

var parts = map[string]func(args []string) error{"record": record, "replay": replay, "flood": flood}

func TestMain(m *testing.M) {
	name := os.Getenv(partVariable)
	if name == "" {
		os.Exit(m.Run())
	}
	if err := parts[name](os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// programInNodes is a copy of this program where nodes see it.
func programInNodes(t *testing.T, dir string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "part")
	if err := os.WriteFile(path, text, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// run executes a part in a node and gives what it says.
func run(ctx context.Context, t *testing.T, l *labtest.Lab, node int, program, part string, args ...string) string {
	t.Helper()
	c := l.Command(ctx, node, "/", append([]string{"env", partVariable + "=" + part, program}, args...)...)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s on node %d: %v: %s", part, node, err, out)
	}
	return strings.TrimSpace(string(out))
}

// Ports of the packets that are recorded: gossip and beacons.
var ports = map[uint16]bool{7779: true, 5429: true}

// record writes what UDP packets to these ports pass the node's interfaces:
// FILE SECONDS. Each is the port, the length, and the payload.
func record(args []string) error {
	out, err := os.Create(args[0])
	if err != nil {
		return err
	}
	defer out.Close()
	seconds, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	const protocol = unix.ETH_P_IP>>8 | unix.ETH_P_IP&0xff<<8
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM, protocol)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	limit := unix.Timeval{Usec: 200_000}
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit); err != nil {
		return err
	}
	buffer := make([]byte, 1<<16)
	count := 0
	for end := time.Now().Add(time.Duration(seconds) * time.Second); time.Now().Before(end); {
		n, _, err := unix.Recvfrom(fd, buffer, 0)
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return err
		}
		if port, payload := udp(buffer[:n]); ports[port] {
			header := binary.BigEndian.AppendUint16(nil, port)
			header = binary.BigEndian.AppendUint16(header, uint16(len(payload)))
			if _, err := out.Write(append(header, payload...)); err != nil {
				return err
			}
			count++
		}
	}
	fmt.Println(count)
	return nil
}

// udp is the port and payload of an IPv4 packet, if it is one of UDP.
func udp(packet []byte) (uint16, []byte) {
	if len(packet) < 20 || packet[9] != unix.IPPROTO_UDP {
		return 0, nil
	}
	body := packet[int(packet[0]&15)*4:]
	if len(body) < 8 {
		return 0, nil
	}
	return binary.BigEndian.Uint16(body[2:]), body[8:]
}

// replay sends what was recorded: FILE ADDRESS.
func replay(args []string) error {
	in, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer in.Close()
	count := 0
	for header := make([]byte, 4); ; count++ {
		if _, err := io.ReadFull(in, header); err == io.EOF {
			fmt.Println(count)
			return nil
		} else if err != nil {
			return err
		}
		payload := make([]byte, binary.BigEndian.Uint16(header[2:]))
		if _, err := io.ReadFull(in, payload); err != nil {
			return err
		}
		conn, err := net.Dial("udp", net.JoinHostPort(args[1], strconv.Itoa(int(binary.BigEndian.Uint16(header)))))
		if err != nil {
			return err
		}
		_, err = conn.Write(payload)
		conn.Close()
		if err != nil && !errors.Is(err, unix.ECONNREFUSED) {
			return err
		}
	}
}

// flood sends random packets to both ports, half of them with the beginning of
// real ones: ADDRESS PER-SECOND SECONDS.
func flood(args []string) error {
	rate, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	seconds, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	var to []net.Conn
	for port := range ports {
		conn, err := net.Dial("udp", net.JoinHostPort(args[0], strconv.Itoa(int(port))))
		if err != nil {
			return err
		}
		defer conn.Close()
		to = append(to, conn)
	}
	random := rand.NewChaCha8([32]byte{1})
	packet := make([]byte, 1400)
	sent, begun := 0, time.Now()
	for ; sent < rate*seconds; sent++ {
		random.Read(packet)
		if sent%2 == 0 {
			copy(packet, "oMxS")
		}
		_, _ = to[sent/2%len(to)].Write(packet[:rand.IntN(len(packet))])
		if ahead := time.Duration(sent)*time.Second/time.Duration(rate) - time.Since(begun); ahead > 10*time.Millisecond {
			time.Sleep(ahead)
		}
	}
	fmt.Println(sent)
	return nil
}
