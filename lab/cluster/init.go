package cluster

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
)

const listenerFD = 4

// orders are what the hub tells an init.
type orders struct {
	Node   NodeState
	Binary string
	Binds  []Bind
	Links  []string
	Files  map[string]string // to be written before the daemon starts: path, content
	Daemon bool
}

func (h *hub) orders(n *NodeState) orders {
	return orders{
		Node: *n, Binary: h.options.Binary, Binds: h.options.Binds, Links: h.options.Links,
		Files: configuration(h.place, h.key, n, h.state.Nodes, h.options), Daemon: h.options.Daemon,
	}
}

// RunInit is the main of a node's pid 1; it returns the exit status, and only
// when the node could not be set up: a node ends by losing its init.
func RunInit() int {
	// Once a signal is handled here, what this process starts gets it with its
	// default action, whatever lab up was started with (nohup!); and a kill
	// from inside the node does not end it.
	unheard := make(chan os.Signal, 1)
	signal.Notify(unheard, unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGPIPE,
		unix.SIGUSR1, unix.SIGUSR2, unix.SIGALRM, unix.SIGTSTP, unix.SIGTTIN, unix.SIGTTOU)
	go func() {
		for range unheard {
		}
	}()
	reaper := startReaper()

	answer := os.NewFile(reportFD, "report")
	listener := os.NewFile(listenerFD, "listener")
	unix.CloseOnExec(reportFD)
	unix.CloseOnExec(listenerFD)
	leash := json.NewDecoder(os.Stdin)
	var o orders
	err := leash.Decode(&o)
	if err == nil {
		err = becomeNode(o, listener, reaper)
	}
	r := report{}
	if err != nil {
		r.Error = err.Error()
	}
	if encodeErr := json.NewEncoder(answer).Encode(r); err != nil || encodeErr != nil {
		return 1
	}
	answer.Close()
	// The hub never says more: this returns when it is gone.
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// becomeNode sets the node up from inside and starts what runs there.
func becomeNode(o orders, socket *os.File, r *reaper) error {
	if err := unix.Sethostname([]byte(o.Node.Host)); err != nil {
		return fmt.Errorf("set host name: %w", err)
	}
	if err := mountTree(o); err != nil {
		return err
	}
	if err := configureLinks(o.Node); err != nil {
		return err
	}
	for path, content := range o.Files {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			return fmt.Errorf("write configuration: %w", err)
		}
	}
	listener, err := net.FileListener(socket)
	if err != nil {
		return fmt.Errorf("take over node socket: %w", err)
	}
	socket.Close()
	server := &server{reaper: r}
	if o.Daemon {
		if server.daemon, err = startDaemon(r); err != nil {
			return err
		}
	}
	go server.serve(listener.(*net.UnixListener))
	if o.Daemon {
		return server.daemon.awaitReady(30 * time.Second)
	}
	return nil
}
