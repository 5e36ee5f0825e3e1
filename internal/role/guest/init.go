package guest

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"strconv"
	"time"

	"openmosix/internal/linux/ptrace"
	"openmosix/internal/linux/timeslice"
	"openmosix/internal/process/stub"
	"openmosix/internal/process/tracee"

	"golang.org/x/sys/unix"
)

var le = binary.LittleEndian

// nsInit is pid 1 of the bodies' namespaces: a stub that makes calls for us.
type nsInit struct {
	p       *tracee.Process
	t       *tracee.Thread
	lastPID uint64   // its descriptor of /proc/sys/kernel/ns_last_pid
	supply  *os.File // our end of the socket over which bodies receive descriptors
	// How far the namespaces' clocks are ahead of this machine's, nanoseconds.
	mono, boot int64
}

// supplyFD is the number of the other end, in the init and in every body, which have
// /dev/null below it and nothing else.
const supplyFD = 4

const initOptions = ptrace.SysGood | ptrace.TraceFork | ptrace.TraceVfork | ptrace.TraceClone | ptrace.ExitKill

// startInit makes the namespaces and the init in them, with its stub at base.
func (g *Guest) startInit(base uint64) (*nsInit, error) {
	if g.root == nil {
		return nil, errNoRoot
	}
	exe, err := sealedProgram(stub.Executable(base))
	if err != nil {
		return nil, err
	}
	defer func() { _ = exe.Close() }()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socket for descriptors: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "supply"), os.NewFile(uintptr(pair[1]), "supply")
	defer func() { _ = theirs.Close() }()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = null.Close() }()
	in := &nsInit{supply: ours}
	// The parent-death signal follows the thread that starts the child: the
	// tracing thread, which lives as long as this process.
	var proc *os.Process
	g.fam.Loop.Do(func() {
		err = g.left.sparing(func() error {
			proc, err = os.StartProcess(fmt.Sprintf("/proc/self/fd/%d", exeFD), []string{"openmosix-guest"}, &os.ProcAttr{
				Files: []*os.File{null, null, null, exe, theirs, g.root}, Env: []string{}, Sys: namespaceAttributes()})
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("make the guest's namespaces: %w", err)
	}
	if err := timeslice.Set(proc.Pid, 0); err != nil { // its children compute, and have what others have
		g.log.Debug("guests have short time slices", "error", err)
	}
	if in.p, err = g.fam.NewProcess(proc.Pid, 1); err != nil {
		return nil, err
	}
	g.fam.Loop.Do(func() {
		if err = g.fam.Loop.Seize(proc.Pid, initOptions); err == nil {
			in.t = g.fam.AddThread(in.p, proc.Pid, 1, nil)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("trace the guest's init: %w", err)
	}
	return in, in.enterStub(base)
}

func (in *nsInit) enterStub(base uint64) error {
	h, err := in.t.HoldOne(initLimit, tracee.DeliverNatively, nil)
	if err != nil {
		return err
	}
	h.Do(func() { err = ptrace.SetSigMask(in.t.TID, ^uint64(0)) })
	if err != nil {
		return err
	}
	if err := h.Bootstrap(in.t, base, stub.HangSyscall(base)); err != nil {
		return err
	}
	if err := h.Resync(in.t); err != nil {
		return err
	}
	if err := h.Park(in.t); err != nil {
		return err
	}
	private, err := in.privateSlot(base)
	if err != nil {
		return err
	}
	if err := h.Unpark(in.t); err != nil {
		return err
	}
	in.p.Slots.Free(in.t.Slot)
	in.t.Slot = private
	if err := h.Park(in.t); err != nil {
		return err
	}
	h.Pass()
	return nil
}

// privateSlot gives the init a slot its children do not inherit: the bodies
// share all others with their supervisor and with each other, and whoever
// writes into the init's slot has the init's privileges in these namespaces.
func (in *nsInit) privateSlot(base uint64) (*stub.Slot, error) {
	fd, err := in.t.Must("make private memory", unix.SYS_MEMFD_CREATE, in.t.Put(0, []byte("openmosix\x00")), stub.MemoryFlags)
	if err != nil {
		return nil, err
	}
	defer func() { _, _ = in.t.Call(unix.SYS_CLOSE, uint64(fd)) }()
	ours, err := tracee.Borrow(in.p.PID, int(fd))
	if err != nil {
		return nil, err
	}
	defer func() { _ = unix.Close(ours) }()
	region, err := stub.NewPrivateRegion(base, ours)
	if err != nil {
		return nil, err
	}
	at := stub.PrivateAt(base)
	if _, err := in.t.Must("map private memory", unix.SYS_MMAP, at, stub.SlotSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_FIXED_NOREPLACE, uint64(fd), 0); err != nil {
		return nil, err
	}
	if _, err := in.t.Must("keep private memory", unix.SYS_MADVISE, at, stub.SlotSize, unix.MADV_DONTFORK); err != nil {
		return nil, err
	}
	return region.Slot(0), nil
}

const initLimit = 10 * time.Second

// settle prepares the namespaces: clocks that go on from home's, the way to
// choose the next thread's id, and children that need not be waited for.
func (in *nsInit) settle(mono, boot int64) error {
	in.mono, in.boot = mono, boot
	if _, err := in.t.Must("close what was inherited", unix.SYS_CLOSE_RANGE, rootFD+1, math.MaxUint32, 0); err != nil {
		return err
	}
	if in.hasClocks() {
		if _, err := in.t.Must("make a time namespace", unix.SYS_UNSHARE, unix.CLONE_NEWTIME); err != nil {
			return err
		}
		text := fmt.Sprintf("monotonic %s\nboottime %s\n", offset(mono), offset(boot))
		if err := in.writeFile("/proc/self/timens_offsets", text); err != nil {
			return err
		}
	}
	fd, err := in.t.Must("open ns_last_pid", unix.SYS_OPENAT, 0, in.t.Put(0, []byte("/proc/sys/kernel/ns_last_pid\x00")), unix.O_WRONLY|unix.O_CLOEXEC)
	if err != nil {
		return err
	}
	in.lastPID = uint64(fd)
	ignore := make([]byte, 32)
	ignore[0] = 1 // SIG_IGN for SIGCHLD: the kernel reaps
	_, err = in.t.Must("ignore SIGCHLD", unix.SYS_RT_SIGACTION, uint64(unix.SIGCHLD), in.t.Put(0, ignore), 0, 8)
	return err
}

// hasClocks tells whether the bodies have clocks of their own: else they read the machine's, which are home's as well, or cannot be set.
func (in *nsInit) hasClocks() bool { return in.mono != 0 || in.boot != 0 }

// offset writes nanoseconds as seconds and a non-negative rest: time_namespaces(7).
func offset(ns int64) string {
	s, n := ns/1e9, ns%1e9
	if n < 0 {
		s, n = s-1, n+1e9
	}
	return strconv.FormatInt(s, 10) + " " + strconv.FormatInt(n, 10)
}

func (in *nsInit) writeFile(path, text string) error {
	fd, err := in.t.Must("open "+path, unix.SYS_OPENAT, 0, in.t.Put(0, append([]byte(path), 0)), unix.O_WRONLY)
	if err != nil {
		return err
	}
	defer func() { _, _ = in.t.Call(unix.SYS_CLOSE, uint64(fd)) }()
	_, err = in.t.Must("write "+path, unix.SYS_WRITE, uint64(fd), in.t.Put(0, []byte(text)), uint64(len(text)))
	return err
}

// nextID makes own the id of the next thread or process in the namespace. Only
// this supervisor makes any there.
func (in *nsInit) nextID(own int) error {
	text := strconv.Itoa(own - 1)
	_, err := in.t.Must("choose the next thread id", unix.SYS_PWRITE64, in.lastPID, in.t.Put(0, []byte(text)), uint64(len(text)), 0)
	return err
}

// fork makes a process with the id own that waits in the stub with slot.
func (in *nsInit) fork(own int, slot *stub.Slot) error {
	const stack = 4096 // it ends at the slot: the stub's sign that it is new
	ret, err := in.clone(own, 0, slot.Addr-stack, stack)
	if err == nil && ret < 0 {
		err = fmt.Errorf("make process %d: %w", own, unix.Errno(-ret))
	}
	return err
}

// clone makes a process with the id own: clone3(2).
func (in *nsInit) clone(own int, flags, stack, size uint64) (int64, error) {
	const argsOff, tidOff = 0, 256
	id := make([]byte, 4)
	le.PutUint32(id, uint32(own))
	args := make([]byte, 88) // struct clone_args
	put := func(field int, v uint64) { le.PutUint64(args[8*field:], v) }
	put(0, flags)
	put(4, uint64(unix.SIGCHLD)) // exit_signal
	put(5, stack)
	put(6, size)
	put(8, in.t.Put(tidOff, id)) // set_tid
	put(9, 1)
	return in.t.Call(unix.SYS_CLONE3, in.t.Put(argsOff, args), uint64(len(args)))
}

// sealedProgram puts a program into memory as a file that can be executed.
func sealedProgram(b []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("openmosix-guest", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memory for the init program: %w", err)
	}
	f := os.NewFile(uintptr(fd), "init")
	if _, err := f.Write(b); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}
