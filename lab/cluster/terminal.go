package cluster

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a new pseudo terminal of the node.
type terminal struct {
	master *os.File // non-blocking, so that reading can be given a time limit
	slave  *os.File
}

// ttyGroup owns terminals on Debian and most others (write(1), mesg(1)).
const ttyGroup = 5

func openTerminal(s size, owner int) (*terminal, error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open terminal: %w", err)
	}
	master := os.NewFile(uintptr(fd), "/dev/ptmx")
	slave, err := openSlave(fd, s, owner)
	if err != nil {
		master.Close()
		return nil, fmt.Errorf("open terminal: %w", err)
	}
	return &terminal{master, slave}, nil
}

func openSlave(master int, s size, owner int) (*os.File, error) {
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		return nil, err
	}
	number, err := unix.IoctlGetInt(master, unix.TIOCGPTN)
	if err != nil {
		return nil, err
	}
	if err := setSize(master, s); err != nil {
		return nil, err
	}
	name := "/dev/pts/" + strconv.Itoa(number)
	if err := os.Chown(name, owner, ttyGroup); err != nil {
		return nil, err
	}
	fd, err := unix.Open(name, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

func setSize(fd int, s size) error {
	return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: s.Rows, Col: s.Cols})
}

func sizeOf(fd int) size {
	w, err := unix.IoctlGetWinsize(fd, unix.TIOCGWINSZ)
	if err != nil {
		return size{24, 80}
	}
	return size{w.Row, w.Col}
}

// IsTerminal tells whether f is a terminal.
func IsTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(descriptor(f)), unix.TCGETS)
	return err == nil
}

// makeRaw leaves all interpretation of keys to the terminal in the node.
func makeRaw(fd int) (restore func(), err error) {
	before, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		return nil, fmt.Errorf("read terminal mode: %w", err)
	}
	raw := *before
	raw.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	raw.Oflag &^= unix.OPOST
	raw.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	raw.Cflag &^= unix.CSIZE | unix.PARENB
	raw.Cflag |= unix.CS8
	raw.Cc[unix.VMIN], raw.Cc[unix.VTIME] = 1, 0
	if err := unix.IoctlSetTermios(fd, unix.TCSETSW, &raw); err != nil {
		return nil, fmt.Errorf("set terminal mode: %w", err)
	}
	return func() { _ = unix.IoctlSetTermios(fd, unix.TCSETSW, before) }, nil
}

// drain copies what the terminal shows until it hangs up; or, once the command
// has ended, until nothing more comes: a program it left behind may hold the
// terminal open for ever.
func drain(out io.Writer, master *os.File, ended <-chan struct{}) {
	const quiet = 50 * time.Millisecond
	buf := make([]byte, 32<<10)
	go func() {
		<-ended
		master.SetReadDeadline(time.Now().Add(quiet))
	}()
	for {
		n, err := master.Read(buf)
		if n > 0 {
			if _, werr := out.Write(buf[:n]); werr != nil {
				return
			}
		}
		if err != nil && !(errors.Is(err, os.ErrDeadlineExceeded) && n > 0) {
			return // EIO is how a master reads the end
		}
		select {
		case <-ended:
			master.SetReadDeadline(time.Now().Add(quiet))
		default:
		}
	}
}
