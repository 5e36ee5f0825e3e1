package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

const reportFD = 3

// hub is the process that owns a lab. Everything is done by one goroutine
// except waiting for the inits.
type hub struct {
	place
	options Options
	state   State
	key     string
	nodes   []*exec.Cmd
	leashes []*os.File
}

// RunHub is the hub's main; it returns the exit status.
func RunHub() int {
	// Before anything else: from here on SIGTERM means taking the lab down.
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, unix.SIGTERM, unix.SIGINT)
	signal.Ignore(unix.SIGHUP)

	answer := json.NewEncoder(os.NewFile(reportFD, "report"))
	leash := json.NewDecoder(os.Stdin)
	var o Options
	if err := leash.Decode(&o); err != nil {
		fmt.Fprintln(os.Stderr, "hub: read options:", err)
		return 1
	}
	ended, err := whenEnded(o.With)
	if err != nil {
		_ = answer.Encode(report{Error: err.Error()})
		return 1
	}
	dropped := make(chan struct{}) // the maker of the lab is gone and did not say keep
	go func() {
		var k keep
		if leash.Decode(&k) != nil || !k.Keep {
			close(dropped)
		}
	}()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		select {
		case <-asked:
		case <-dropped:
		case <-ended:
		}
		cancel()
	}()

	h := &hub{place: place{o.Base, o.Name}, options: o}
	err = h.build(ctx)
	if err == nil {
		err = answer.Encode(report{State: &h.state})
	}
	if err == nil {
		<-ctx.Done()
	}
	undone := h.demolish()
	if err != nil {
		_ = answer.Encode(report{Error: err.Error()})
	}
	if err := errors.Join(err, undone); err != nil {
		fmt.Fprintln(os.Stderr, "hub:", err)
		return 1
	}
	return 0
}

// whenEnded is closed when the process has ended; of 0, never. See pidfd_open(2).
func whenEnded(pid int) (<-chan struct{}, error) {
	if pid == 0 {
		return nil, nil
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, fmt.Errorf("watch process %d: %w", pid, err)
	}
	ended := make(chan struct{})
	go func() {
		defer unix.Close(fd)
		for {
			if _, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, -1); err != unix.EINTR {
				break
			}
		}
		close(ended)
	}()
	return ended, nil
}

// build makes everything. On error the caller demolishes what there is.
func (h *hub) build(ctx context.Context) error {
	h.state = State{Name: h.name, HubPID: os.Getpid(), Daemon: h.options.Daemon}
	for n := 1; n <= h.options.Nodes; n++ {
		h.state.Nodes = append(h.state.Nodes, NodeState{
			Number: n, Host: fmt.Sprintf("node%d", n), CPU: h.options.cpu(n), Rate: h.options.rate(n),
			Networks: h.options.networks(n), Address: addressIn(rune(h.options.networks(n)[0]), n),
		})
	}
	if err := h.save(&h.state); err != nil {
		return err
	}
	release, err := makeMountPoints()
	if err != nil {
		return err
	}
	defer release()
	if h.key, err = newClusterKey(); err != nil {
		return err
	}
	for network := range maxNetworks {
		if err := makeBridge(rune('a' + network)); err != nil {
			return err
		}
	}
	for i := range h.state.Nodes {
		if err := h.startNode(ctx, &h.state.Nodes[i]); err != nil {
			return fmt.Errorf("node %d: %w", i+1, err)
		}
	}
	h.state.Ready = true
	return h.save(&h.state)
}

func (h *hub) startNode(ctx context.Context, n *NodeState) error {
	listener, err := h.listen(n.Number)
	if err != nil {
		return err
	}
	defer listener.Close()
	log, err := os.OpenFile(h.log(n.Host), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("make node log: %w", err)
	}
	defer log.Close()

	set, err := makeCPUSet(h.place, n.Number, n.CPU)
	if err != nil {
		return err
	}
	n.CPUSet = set
	group, err := makeNodeGroup(h.place, n.Number)
	if err != nil {
		return err
	}
	memory, err := makeMemoryGroup(h.place, n.Number, h.options.memory(n.Number))
	if err != nil {
		return err
	}
	if err := h.save(&h.state); err != nil {
		return err
	}
	cmd := &exec.Cmd{
		Path: h.options.Binary, Args: h.initArgs(n.Number), Dir: "/", Env: cleanEnvironment(),
		Stdout: log, Stderr: log, ExtraFiles: []*os.File{listener},
		SysProcAttr: &syscall.SysProcAttr{
			Setsid: true,
			Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS |
				syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		},
	}
	var leash, answer *os.File
	err = onCPU(n.CPU, func() (err error) {
		// The init reads its orders last of all, so the link and the groups
		// made below are there before it does anything.
		leash, answer, err = startLeashed(cmd)
		return err
	})
	if err != nil {
		return fmt.Errorf("start init: %w", err)
	}
	h.nodes = append(h.nodes, cmd)
	h.leashes = append(h.leashes, leash)
	n.PID = cmd.Process.Pid
	if n.PIDSpace, err = os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", n.PID)); err != nil {
		answer.Close()
		return fmt.Errorf("find its pid namespace: %w", err)
	}
	if err := errors.Join(h.save(&h.state), joinGroups(n.PID, set, group, memory), connectNode(n, n.PID)); err != nil {
		answer.Close()
		return err
	}
	if _, err := orderAndWait(ctx, leash, answer, h.orders(n)); err != nil {
		return fmt.Errorf("%w (log: %s)", err, tail(h.log(n.Host)))
	}
	return nil
}

// listen makes the socket on which a node takes Exec requests. It lies in the
// machine's file system; the node inherits it.
func (h *hub) listen(node int) (*os.File, error) {
	l, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: h.socket(node), Net: "unixpacket"})
	if err != nil {
		return nil, fmt.Errorf("make node socket: %w", err)
	}
	defer l.Close()
	l.SetUnlinkOnClose(false)
	f, err := l.File()
	if err != nil {
		return nil, fmt.Errorf("make node socket: %w", err)
	}
	return f, nil
}

// demolish ends the nodes, waits until the last of their processes is gone (a
// pid namespace's init is reaped only then), and removes the lab's traces.
func (h *hub) demolish() error {
	for _, cmd := range h.nodes {
		cmd.Process.Kill()
	}
	for _, cmd := range h.nodes {
		cmd.Wait()
	}
	for _, l := range h.leashes {
		l.Close()
	}
	return h.purge()
}

// onCPU runs start on a thread confined to one CPU: what it starts inherits
// that from its first instruction on.
func onCPU(cpu int, start func() error) error {
	if cpu == NotPinned {
		return start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return fmt.Errorf("read CPU affinity: %w", err)
	}
	one.Set(cpu)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return fmt.Errorf("pin to CPU %d (this machine allows %d CPUs): %w", cpu, before.Count(), err)
	}
	err := start()
	return errors.Join(err, unix.SchedSetaffinity(0, &before))
}
