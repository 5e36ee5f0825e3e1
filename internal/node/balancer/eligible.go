package balancer

import (
	"fmt"
	"io"
	"os"
	"os/user"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"openmosix/internal/linux/procfs"
	"openmosix/internal/node/config"
)

// eligibility is the configuration with its names resolved.
type eligibility struct {
	config   config.Balance
	everyone bool
	users    map[int]bool
	excluded map[int]bool
}

func newEligibility(c config.Balance) *eligibility {
	e := &eligibility{config: c, users: map[int]bool{}, excluded: map[int]bool{}}
	for _, name := range c.Users {
		if name == "*" {
			e.everyone = true
		} else if uid, ok := userID(name); ok {
			e.users[uid] = true
		}
	}
	for _, name := range c.ExcludeUsers {
		if uid, ok := userID(name); ok {
			e.excluded[uid] = true
		}
	}
	return e
}

// of tells whether this is still what the configuration says.
func (e *eligibility) of(c config.Balance) bool {
	return e != nil && reflect.DeepEqual(e.config, c)
}

// userID takes a number as it is.
func userID(name string) (int, bool) {
	if n, err := strconv.Atoi(name); err == nil {
		return n, true
	}
	u, err := user.Lookup(name)
	if err != nil {
		return 0, false
	}
	n, err := strconv.Atoi(u.Uid)
	return n, err == nil
}

// identity is what a process is, looked at once in a while.
type identity struct {
	uid     int
	comm    string
	exe     string
	cgroups []string
	nice    int
	// never is why it cannot move whatever anybody wants: a code of package
	// refusal where there is one.
	never string
	guest bool // it belongs to a guest of another node
}

// Scheduling policies under which a process has no claim to a moment: other,
// batch and idle.
var ordinary = []int{0, 3, 5}

// identify looks at what costs little. What keeps a process from moving beyond
// that is found out when it is to be moved.
func (b *Balancer) identify(stat *procfs.Stat) (identity, error) {
	status, err := b.o.Proc.Status(stat.Pid)
	if err != nil {
		return identity{}, err
	}
	id := identity{uid: status.Uid[1], comm: stat.Comm, nice: stat.Nice}
	if b.o.IsGuest(status.Uid[0]) {
		id.guest = true
		return id, nil
	}
	if id.exe, err = b.o.Proc.Exe(stat.Pid); err != nil {
		return identity{}, err
	}
	if id.cgroups, err = b.o.Proc.Cgroups(stat.Pid); err != nil {
		return identity{}, err
	}
	switch {
	case stat.Pid == 1:
		id.never = "init"
	case b.ours(stat.Pid):
		id.never = "self"
	case !slices.Contains(ordinary, stat.Policy):
		id.never = "real-time"
	case class32(b.o.Proc.Path(stat.Pid, "exe")):
		id.never = "32-bit"
	}
	return id, nil
}

// ours tells whether a process runs this very binary.
func (b *Balancer) ours(pid int) bool {
	own, err := os.Stat("/proc/self/exe")
	if err != nil {
		return false
	}
	its, err := os.Stat(b.o.Proc.Path(pid, "exe"))
	return err == nil && os.SameFile(own, its)
}

// class32 tells whether a file is a 32-bit ELF program.
func class32(name string) bool {
	file, err := os.Open(name)
	if err != nil {
		return false
	}
	defer file.Close()
	var ident [5]byte
	_, err = io.ReadFull(file, ident[:])
	return err == nil && string(ident[:4]) == "\x7fELF" && ident[4] == 1
}

// leaves tells why a process is left alone, in words; empty: it is balanced.
// mosrun: it was started with mosrun, so somebody wants it to move.
func (e *eligibility) leaves(id identity, mosrun bool) string {
	c := e.config
	if id.guest {
		return "it is part of a guest of another node"
	}
	if e.excluded[id.uid] {
		return fmt.Sprintf("its user, %d, is excluded (balance.exclude_users)", id.uid)
	}
	for _, pattern := range c.ExcludeCommands {
		if programMatches(pattern, id) {
			return fmt.Sprintf("its command is excluded by %q (balance.exclude_commands)", pattern)
		}
	}
	if mosrun {
		return ""
	}
	if id.uid < c.MinUID && !e.everyone && !e.users[id.uid] {
		return fmt.Sprintf("it is the system's: user %d is below %d (balance.min_uid, balance.users), and it was not started with mosrun", id.uid, c.MinUID)
	}
	if id.nice < c.MinNice {
		return fmt.Sprintf("its niceness, %d, is below %d (balance.min_nice)", id.nice, c.MinNice)
	}
	for _, pattern := range c.ExcludeCgroups {
		for _, group := range id.cgroups {
			if cgroupMatches(pattern, group) {
				return fmt.Sprintf("its control group, %s, is excluded by %q (balance.exclude_cgroups)", group, pattern)
			}
		}
	}
	return ""
}

// programMatches: a pattern with a slash is one of paths.
func programMatches(pattern string, id identity) bool {
	if strings.Contains(pattern, "/") {
		return matches(pattern, id.exe)
	}
	return matches(pattern, id.comm) || matches(pattern, path.Base(id.exe))
}

// cgroupMatches also those below the ones that the pattern says.
func cgroupMatches(pattern, group string) bool {
	for at := path.Clean(group); ; at = path.Dir(at) {
		if matches(pattern, at) {
			return true
		}
		if at == "/" || at == "." {
			return false
		}
	}
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}
