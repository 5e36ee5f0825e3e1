package cluster

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Arguments of the processes of a lab. They are the mark by which the
// processes are found again when nothing else is left of the lab:
//
//	openmosix lab hub --lab=/run/openmosix-lab/lab
//	openmosix lab init --lab=/run/openmosix-lab/lab --node=2
const (
	programName = "openmosix"
	groupVerb   = "lab"
	// HubVerb and InitVerb follow "lab" in the arguments of the two kinds of
	// process; whoever owns main calls RunHub and RunInit for them.
	HubVerb  = "hub"
	InitVerb = "init"
	markFlag = "--lab="
)

func (p place) hubArgs() []string {
	return []string{programName, groupVerb, HubVerb, markFlag + p.dir()}
}

func (p place) initArgs(node int) []string {
	return []string{programName, groupVerb, InitVerb, markFlag + p.dir(), "--node=" + strconv.Itoa(node)}
}

// member is a running process of a lab.
type member struct {
	pid  int
	verb string
	dir  string
}

// members lists the processes of all labs, or of the one in dir.
func members(dir string) ([]member, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var found []member
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if m, ok := identify(pid); ok && (dir == "" || m.dir == dir) {
			found = append(found, m)
		}
	}
	return found, nil
}

// identify tells whether pid is a process of a lab. A zombie is none: it has
// no arguments any more. Neither is another user's process: anybody can give
// himself these arguments, and members get killed.
func identify(pid int) (member, bool) {
	path := filepath.Join("/proc", strconv.Itoa(pid))
	info, err := os.Stat(path)
	if err != nil {
		return member{}, false
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Geteuid() {
		return member{}, false
	}
	line, err := os.ReadFile(filepath.Join(path, "cmdline"))
	if err != nil {
		return member{}, false
	}
	return parseMark(pid, line)
}

func parseMark(pid int, line []byte) (member, bool) {
	var args []string
	for _, a := range bytes.Split(bytes.TrimSuffix(line, []byte{0}), []byte{0}) {
		args = append(args, string(a))
	}
	if len(args) < 4 || args[0] != programName || args[1] != groupVerb {
		return member{}, false
	}
	dir, ok := strings.CutPrefix(args[3], markFlag)
	if !ok || (args[2] != HubVerb && args[2] != InitVerb) {
		return member{}, false
	}
	return member{pid: pid, verb: args[2], dir: dir}, true
}

// signal sends sig to the process if it is still the one that was found: the
// descriptor holds the identity while the arguments are read again.
func (m member) signal(sig unix.Signal) error {
	fd, err := unix.PidfdOpen(m.pid, 0)
	if err == unix.ESRCH {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open process %d: %w", m.pid, err)
	}
	defer unix.Close(fd)
	if now, ok := identify(m.pid); !ok || now != m {
		return nil
	}
	if err := unix.PidfdSendSignal(fd, sig, nil, 0); err != nil && err != unix.ESRCH {
		return fmt.Errorf("signal process %d: %w", m.pid, err)
	}
	return nil
}
