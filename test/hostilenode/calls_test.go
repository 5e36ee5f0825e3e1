package hostilenode

import (
	"testing"
	"time"

	"openmosix/internal/model/syscalls"
	"openmosix/internal/model/wire"
	"openmosix/internal/process/stub"

	"golang.org/x/sys/unix"
)

// pair is a victim on the hostile node and a bystander on the honest one.
func pair(t *testing.T) (*rig, *side, *side) {
	t.Helper()
	r := start(t)
	bystander := r.lend(honestNode, "/bin/sleep", "1000")
	victim := r.lend(hostileNode, "/bin/sleep", "1001")
	victim.lives("the victim")
	return r, victim, bystander
}

// Addresses that are not the process's own give what the kernel gives the process.
func TestAddressesOutside(t *testing.T) {
	r, v, bystander := pair(t)
	for _, at := range []uint64{0, 8, 0x7ffffffff000, 1 << 47, 0xffff800000000000, 0xffffffff81000000, ^uint64(0)} {
		for _, n := range []uint64{1, 4096, 1 << 40, ^uint64(0)} {
			for _, nr := range []int{unix.SYS_READ, unix.SYS_WRITE} {
				ret, _, answered := v.call(&syscalls.Call{Nr: nr, Args: [6]uint64{0, at, n}})
				if !answered || ret > 0 {
					t.Errorf("call %d at %#x of %d bytes: %d, %v", nr, at, n, ret, answered)
				}
			}
		}
	}
	v.lives("the victim")
	r.unharmed(bystander)
}

// What the table does not send home is not made there, and nothing is made for
// threads that are not there, or that are another node's.
func TestCallsThatAreNotItsOwn(t *testing.T) {
	r, v, bystander := pair(t)
	for _, nr := range []int{unix.SYS_CLONE, unix.SYS_FORK, unix.SYS_VFORK, unix.SYS_EXECVE, unix.SYS_EXIT, unix.SYS_CLONE3, unix.SYS_MUNMAP, unix.SYS_MPROTECT, unix.SYS_MREMAP,
		unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_IO_URING_SETUP, unix.SYS_SECCOMP, unix.SYS_USERFAULTFD, unix.SYS_RT_SIGRETURN, 335, 462, 1 << 20} {
		if syscalls.MayForward(nr, [6]uint64{}) {
			continue // the table sends it home: it acts on the deputy, as on the process
		}
		if ret, _, answered := v.call(&syscalls.Call{Nr: nr}); !answered || ret != -int64(unix.EPERM) {
			t.Errorf("call %d: %d, %v", nr, ret, answered)
		}
	}
	mine := &syscalls.Call{Nr: unix.SYS_EXIT_GROUP, Args: [6]uint64{3}}
	for _, own := range []int{0, 1, 1 << 30, -1, bystander.pid, r.home.Process.Pid} {
		if own != v.pid {
			_ = v.send(wire.Call, own, callFrame(7000, mine))
			_ = v.send(wire.Exit, own, make([]byte, 4))
			_ = v.send(wire.Unmade, v.pid, wire.Encode(wire.UnmadeMsg{Own: own, Signal: 64}))
			_ = v.send(wire.Unmade, own, wire.Encode(wire.UnmadeMsg{Own: v.pid, PIDFD: 1}))
			_ = v.send(wire.Died, own, wire.Encode(wire.DiedMsg{Signal: 9}))
			_ = v.send(wire.Stop, own, nil)
			_ = v.send(wire.Cancel, own, make([]byte, 8))
		}
	}
	v.lives("the victim")
	r.unharmed(bystander)
}

// Whatever is no frame at all, or none that anybody has asked for, is passed over
// or ends the process.
func TestFramesNobodyAskedFor(t *testing.T) {
	r, v, bystander := pair(t)
	junk := []byte{0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3}
	for kind := range 64 {
		for _, data := range [][]byte{nil, junk, make([]byte, 8), make([]byte, 100)} {
			switch uint8(kind) {
			case wire.Wrote, wire.Opened, wire.Died, wire.NeedHome, wire.Exit, wire.Exec, wire.Stop:
				continue // these may end it, or stop it
			}
			if err := v.send(uint8(kind), v.pid, data); err != nil {
				t.Fatalf("kind %d: %v", kind, err)
			}
		}
		if kind%8 == 0 && !v.gone() {
			v.call(&syscalls.Call{Nr: unix.SYS_GETPPID}) // or too many wait, which ends it as well
		}
	}
	r.unharmed(bystander)
}

// The same serial again, calls that overlap, and more than one thread can have made.
func TestTooManyCalls(t *testing.T) {
	r, v, bystander := pair(t)
	for range 5 {
		if err := v.send(wire.Call, v.pid, callFrame(77, &syscalls.Call{Nr: unix.SYS_GETPPID})); err != nil {
			t.Fatal(err)
		}
	}
	v.lives("the victim")
	for range 1000 {
		if v.send(wire.Call, v.pid, callFrame(78, &syscalls.Call{Nr: unix.SYS_POLL, Args: [6]uint64{0, 0, ^uint64(0)}})) != nil {
			break
		}
	}
	v.ends()
	r.toldLost(v.pid)
	r.unharmed(bystander)
}

// The code and the slots of the stub in the deputy are the process's own: who takes
// them away ends the process.
func TestTheStubIsOverwritten(t *testing.T) {
	r, v, bystander := pair(t)
	region := stub.Candidates()[0]
	for _, at := range []uint64{region - 4096, region, region + 0x100000, region + stub.RegionSize - 4096, 0} {
		args := [6]uint64{at, 1 << 20, 0, unix.MAP_PRIVATE | unix.MAP_ANONYMOUS | unix.MAP_FIXED, ^uint64(0), 0}
		if at == 0 {
			args[0], args[1] = 4096, ^uint64(0)-8191
		}
		if ret, _, answered := v.call(&syscalls.Call{Nr: unix.SYS_MMAP, Args: args}); !answered || ret >= 0 {
			t.Errorf("a mapping at %#x: %d, %v", at, ret, answered)
		}
	}
	v.lives("the victim")
	// There is a way around: what can be read into a slot is executed, as the process.
	// Here it is made to jump away from the code that serves it.
	const sigreturn = 15
	for slot := range uint64(4) {
		text := make([]byte, 0x88)
		le.PutUint32(text, 1000) // a call that nobody has posted
		le.PutUint64(text[0x80:], sigreturn)
		at := stub.SlotsAt(region) + slot*stub.SlotSize
		fds, outs, ok := v.call(&syscalls.Call{Nr: unix.SYS_PIPE, Segs: []syscalls.Segment{{Arg: 0, Size: 8, Out: true, Back: syscalls.BackAlways}}})
		if !ok || fds != 0 {
			break
		}
		v.call(&syscalls.Call{Nr: unix.SYS_WRITE, Args: [6]uint64{uint64(le.Uint32(outs[0][4:])), 0, uint64(len(text))}, Segs: []syscalls.Segment{{Arg: 1, Size: uint32(len(text)), In: text}}})
		_ = v.send(wire.Call, v.pid, callFrame(9000+slot, &syscalls.Call{Nr: unix.SYS_READ, Args: [6]uint64{uint64(le.Uint32(outs[0])), at, uint64(len(text))}}))
		time.Sleep(50 * time.Millisecond)
		if over(v.pid) {
			break
		}
	}
	v.ends()
	r.unharmed(bystander)
}

// Cancels without end, of calls that are there and of such that are not, hold
// nobody up.
func TestEndlessCancels(t *testing.T) {
	r, v, bystander := pair(t)
	for i := range 200_000 {
		var serial [8]byte
		le.PutUint64(serial[:], uint64(i%3*1000_000))
		if v.send(wire.Cancel, v.pid, serial[:]) != nil {
			break
		}
		if i%50_000 == 0 {
			bystander.lives("the bystander")
		}
	}
	v.lives("the victim")
	r.unharmed(bystander)
}
