package cluster

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestExitStatus(t *testing.T) {
	l := sharedLab(t)
	for _, c := range []struct {
		script string
		want   Result
	}{
		{"true", Result{}},
		{"false", Result{Code: 1}},
		{"exit 7", Result{Code: 7}},
		{"kill -KILL $$", Result{Code: 137, Signal: unix.SIGKILL}},
		{"kill -SEGV $$", Result{Code: 139, Signal: unix.SIGSEGV}},
		{"kill -HUP $$", Result{Code: 129, Signal: unix.SIGHUP}},
	} {
		if out, got := sh(t, l, 1, c.script); got != c.want {
			t.Errorf("%s: %+v, want %+v (%s)", c.script, got, c.want, out)
		}
	}
}

func TestNotStarted(t *testing.T) {
	l := sharedLab(t)
	for _, c := range []struct {
		command Command
		want    int
	}{
		{Command{Argv: []string{"no-such-program"}}, 127},
		{Command{Argv: []string{"/no/such/program"}}, 127},
		{Command{Argv: []string{"/etc/passwd"}}, 126},
		{Command{Argv: []string{"/bin/true"}, Dir: "/no/such/place"}, 127},
		{Command{}, 126},
	} {
		_, err := l.Exec(limited(t), 1, c.command)
		var no *NotStarted
		if !errors.As(err, &no) || no.Code != c.want {
			t.Errorf("%v: %v, want status %d", c.command.Argv, err, c.want)
		}
	}
	if _, err := l.Exec(limited(t), 3, Command{Argv: []string{"true"}}); err == nil {
		t.Error("a node that does not exist ran a command")
	}
}

func TestWhatANodeLooksLike(t *testing.T) {
	l := sharedLab(t)
	if err := os.WriteFile(shared.base+"/of-the-machine", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ script, want string }{
		{"hostname", "node2"},
		{"cat /proc/1/cmdline | tr '\\0' ' ' | cut -d' ' -f1-3", "openmosix lab init"},
		{"test -e " + shared.base + "/of-the-machine || echo private", "private"},
		{"ls /tmp | wc -l", "0"},
		{"cd /etc/openmosix && ls", "cluster.key\nopenmosix.toml"},
		{"head -c 16 /etc/openmosix/cluster.key", "openmosix-key-1 "},
		{"ls -A /var/lib/openmosix | wc -l", "0"},
		{"stat -c %a /tmp /dev/shm /etc/openmosix/cluster.key", "1777\n1777\n600"},
		{"test $PPID = 1 && echo child of init", "child of init"},
		{"echo $PATH | cut -d: -f1", BinDir},
		{"ipcs -q | grep -c 0x; true", "0"},
	} {
		if got, _ := sh(t, l, 2, c.script); strings.TrimSpace(got) != strings.TrimSpace(c.want) {
			t.Errorf("%s: %q, want %q", c.script, got, c.want)
		}
	}
	sh(t, l, 1, "echo one > /tmp/who; echo one > /run/who")
	if got, _ := sh(t, l, 2, "cat /tmp/who /run/who 2>/dev/null"); got != "" {
		t.Errorf("node 2 reads node 1's files: %q", got)
	}
}

func TestOtherUser(t *testing.T) {
	l := sharedLab(t)
	r, w, _ := os.Pipe()
	defer r.Close()
	result, err := l.Exec(limited(t), 1, Command{
		Argv: []string{"id"}, Stdout: w, User: User{UID: 12345, GID: 54321, Groups: []int{7}},
	})
	w.Close()
	got, _ := io.ReadAll(r)
	if err != nil || result.Code != 0 {
		t.Fatal(result, err)
	}
	if want := "uid=12345 gid=54321 groups=54321,7(lp)\n"; string(got) != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Ten megabytes there and back, through pipes the command inherits.
func TestData(t *testing.T) {
	l := sharedLab(t)
	data := make([]byte, 10<<20)
	random := rand.NewChaCha8([32]byte{1})
	random.Read(data)
	inR, inW, _ := os.Pipe()
	outR, outW, _ := os.Pipe()
	go func() {
		inW.Write(data)
		inW.Close()
	}()
	got := make(chan []byte)
	go func() {
		back, _ := io.ReadAll(outR)
		got <- back
	}()
	result, err := l.Exec(limited(t), 1, Command{Argv: []string{"cat"}, Stdin: inR, Stdout: outW})
	inR.Close()
	outW.Close()
	if err != nil || result.Code != 0 {
		t.Fatal(result, err)
	}
	if back := <-got; sha256.Sum256(back) != sha256.Sum256(data) {
		t.Errorf("%d bytes came back different", len(back))
	}
}

func TestNodesReachEachOther(t *testing.T) {
	l := sharedLab(t)
	if _, err := os.Stat("/usr/bin/perl"); err != nil {
		t.Skip("needs perl: it is the TCP client and server of this test")
	}
	const server = `perl -MIO::Socket::INET -e '
		my $s = IO::Socket::INET->new(LocalAddr => "10.77.0.1", LocalPort => 5000, Listen => 1, ReuseAddr => 1) or die $@;
		open my $f, ">", "/tmp/listening"; close $f; my $c = $s->accept; print scalar <$c>; print $c "from node1\n";'`
	const client = `perl -MIO::Socket::INET -e '
		my $c = IO::Socket::INET->new(PeerAddr => "10.77.0.1", PeerPort => 5000, Timeout => 5) or die $@;
		print $c "from node2\n"; print scalar <$c>;'`
	ctx := limited(t)
	heard := make(chan string, 1)
	go func() {
		out, _, err := run(ctx, l, 1, server)
		if err != nil {
			out = err.Error()
		}
		heard <- out
	}()
	sh(t, l, 1, "while ! test -e /tmp/listening; do sleep 0.02; done; rm /tmp/listening")
	if got, _ := sh(t, l, 2, client); got != "from node1\n" {
		t.Errorf("client heard %q", got)
	}
	if got := <-heard; got != "from node2\n" {
		t.Errorf("server heard %q", got)
	}
}

// A caller that goes away hangs its command up, children and all.
func TestHangUp(t *testing.T) {
	l := sharedLab(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := l.Exec(ctx, 1, Command{Argv: []string{"/bin/sh", "-c",
			`trap 'echo hung up > /tmp/hangup; exit' HUP; touch /tmp/trapped; while :; do sleep 0.05; done`}})
		done <- err
	}()
	sh(t, l, 1, "while ! test -e /tmp/trapped; do sleep 0.02; done")
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Exec: %v", err)
	}
	if got, _ := sh(t, l, 1, "while ! test -s /tmp/hangup; do sleep 0.02; done; cat /tmp/hangup; rm /tmp/hangup /tmp/trapped"); got != "hung up\n" {
		t.Errorf("%q", got)
	}
}

// Orphans of a command become children of the node's init, which reaps them.
func TestOrphansAreReaped(t *testing.T) {
	l := sharedLab(t)
	out, _ := sh(t, l, 1, "(sleep 0.1 >/dev/null 2>&1 & echo $!)")
	orphan := strings.TrimSpace(out)
	script := fmt.Sprintf("for i in $(seq 100); do test -e /proc/%s || { echo reaped; exit; }; sleep 0.05; done", orphan)
	if got, _ := sh(t, l, 1, script); got != "reaped\n" {
		t.Errorf("orphan %s: %q", orphan, got)
	}
}

func TestTerminal(t *testing.T) {
	l := sharedLab(t)
	ours, err := openTerminal(size{33, 99}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer ours.master.Close()
	screen := make(chan []byte, 64)
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := ours.master.Read(buf)
			if err != nil {
				close(screen)
				return
			}
			screen <- bytes.Clone(buf[:n])
		}
	}()
	type ending struct {
		result Result
		err    error
	}
	done := make(chan ending, 1)
	ctx := limited(t)
	go func() {
		result, err := l.Exec(ctx, 1, Command{
			Argv:  []string{"/bin/sh", "-c", `stty size; tty; read x; echo "got $x"; trap 'echo interrupted; exit 3' INT; echo ready; while :; do sleep 0.05; done`},
			Stdin: ours.slave, Stdout: ours.slave, Stderr: ours.slave,
		})
		done <- ending{result, err}
	}()
	seen := ""
	await := func(what string) {
		t.Helper()
		for !strings.Contains(seen, what) {
			select {
			case more := <-screen:
				seen += string(more)
			case <-ctx.Done():
				t.Fatalf("no %q on the screen: %q", what, seen)
			}
		}
	}
	await("33 99\r\n/dev/pts/0\r\n")
	ours.master.WriteString("hello\r")
	await("got hello\r\n")
	await("ready\r\n")
	ours.master.WriteString("\x03") // must be a key here, an interrupt only there
	await("interrupted\r\n")
	if got := <-done; got != (ending{Result{Code: 3}, nil}) {
		t.Errorf("%+v", got)
	}
	mode, err := unix.IoctlGetTermios(int(ours.slave.Fd()), unix.TCGETS)
	if err != nil || mode.Lflag&unix.ICANON == 0 {
		t.Errorf("terminal mode was not put back: %v", err)
	}
	ours.slave.Close()
}
