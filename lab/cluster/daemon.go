package cluster

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"openmosix/internal/model/topology"
	"openmosix/internal/model/trust"
	"openmosix/internal/node/config"

	"golang.org/x/sys/unix"
)

const controlSocket = config.DefaultRunDir + "/control.sock"

func newClusterKey() (string, error) {
	key, err := trust.NewKey(rand.Reader)
	return string(key.Encode()), err
}

// everyone is all users to the balancer.
var everyone = []string{"*"}

// configuration is what a node's /etc/openmosix holds: path and content.
func configuration(p place, key string, self *NodeState, all []NodeState, o Options) map[string]string {
	// A lab's node is nobody's: what is busy on it is the lab.
	group := fmt.Sprintf("[guests]\ncgroup = %q\nowner_first = false\n", guestGroup(p, self.Number))
	if o.Find {
		c := config.Default()
		if o.Balance {
			c.Balance.Users, c.Balance.ExcludeCgroups, c.Guests.CGroup = everyone, nil, guestGroup(p, self.Number)
			c.Guests.OwnerFirst = false
			c.Topology.Relay, c.Topology.Gateways = len(self.Networks) > 1, topology.MaxGateways
			return map[string]string{config.DefaultKey: key, config.DefaultFile: c.Text(false)}
		}
		text := strings.Replace(c.Text(true), "[guests]\n", group, 1)
		if len(self.Networks) > 1 {
			text = strings.Replace(text, "#relay = false", "relay = true", 1)
		}
		text = strings.Replace(text, "#gateways = 1", fmt.Sprintf("gateways = %d", topology.MaxGateways), 1)
		return map[string]string{config.DefaultKey: key, config.DefaultFile: text}
	}
	text := fmt.Sprintf("number = %d\n\n[discovery]\nenabled = false\n\n%s\n[balance]\n", self.Number, group)
	if o.Balance {
		text += fmt.Sprintf("users = [%q]\nexclude_cgroups = []\n", everyone[0])
	} else {
		text += "enabled = false\n"
	}
	for _, n := range all {
		if n.Number != self.Number {
			text += fmt.Sprintf("\n[[peer]]\nnumber = %d\nname = %q\naddress = \"%s:%d\"\n", n.Number, n.Host, n.Address, config.DefaultPort)
		}
	}
	return map[string]string{config.DefaultKey: key, config.DefaultFile: text}
}

// daemon is the node daemon as its init sees it. It is started once: a daemon
// that dies is something a test wants to see.
type daemon struct {
	pid   int
	mu    sync.Mutex
	ended *unix.WaitStatus // nil while it runs
}

func startDaemon(r *reaper) (*daemon, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, fmt.Errorf("start node daemon: %w", err)
	}
	defer null.Close()
	argv := []string{programName, "node", "--config", config.DefaultFile}
	pid, ended, err := r.start(BinDir+"/"+programName, argv, &syscall.ProcAttr{
		Dir: "/", Env: cleanEnvironment(), Files: []uintptr{descriptor(null), 1, 2},
		Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return nil, fmt.Errorf("start node daemon: %w", err)
	}
	d := &daemon{pid: pid}
	go func() {
		status := <-ended
		d.mu.Lock()
		d.ended = &status
		d.mu.Unlock()
	}()
	return d, nil
}

// status says in words how the daemon is; a nil daemon was not wanted.
func (d *daemon) status() string {
	if d == nil {
		return "none"
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.ended == nil:
		return fmt.Sprintf("running, pid %d", d.pid)
	case d.ended.Signaled():
		return "killed by " + unix.SignalName(d.ended.Signal())
	}
	return fmt.Sprintf("ended with status %d", d.ended.ExitStatus())
}

func (d *daemon) running() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ended == nil
}

// awaitReady waits until the daemon answers on its control socket.
func (d *daemon) awaitReady(limit time.Duration) error {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("unix", controlSocket)
		if err == nil {
			return c.Close()
		}
		if !d.running() {
			return errors.New("the node daemon " + d.status())
		}
	}
	return fmt.Errorf("the node daemon does not answer on %s within %v", controlSocket, limit)
}
